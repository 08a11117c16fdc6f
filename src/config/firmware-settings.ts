import Type from 'typebox';
import { type Firmware, firmwareTable } from '../boot/firmware.ts';

const kinds = Object.keys(firmwareTable) as Firmware[];

const shape = Type.Union([Type.Literal('direct'), Type.Literal('plain'), Type.Literal('binl'), Type.Literal('menu')], {
  description: 'direct, plain, binl or menu',
});

const row = Type.Object(
  {
    file: Type.Optional(
      Type.String({
        pattern: '^(release|loaders/[\\x21-\\x7e]+|https?://[\\x21-\\x7e]+)$',
        maxLength: 255,
        description: '"release" (its own loader), a file below loaders/, or a URL',
      }),
    ),
    by: Type.Optional(Type.Union([Type.Literal('tftp'), Type.Literal('http')], { description: 'tftp or http' })),
    shapes: Type.Optional(Type.Array(shape, { minItems: 1, maxItems: 8, description: 'a list of shapes' })),
  },
  { additionalProperties: false, description: 'file, by and shapes, each of which may be left out' },
);

/** What somebody wants otherwise than boot/firmware.ts has it, for each kind of firmware. */
export const firmwareSettings = Type.Object(
  Object.fromEntries(kinds.map((kind) => [kind, Type.Optional(row)])) as Record<
    Firmware,
    ReturnType<typeof Type.Optional<typeof row>>
  >,
  {
    additionalProperties: false,
    default: {},
    description: `a section of ${kinds.join(', ')}`,
    // One example in bootwright.example.yaml is enough for all of them.
    explained: 'together',
  },
);
