import Type, { type Static } from 'typebox';
import { firmwareSettings } from './firmware-settings.ts';
import {
  addresses4,
  addresses6,
  dhcp6OfNetwork,
  dhcpOfNetwork,
  interfaceName,
  ipv4,
  leaseTime,
  networkSchema,
} from './network-settings.ts';
import { httpSettings, httpsSettings, port, section, tftpSettings } from './serving-settings.ts';

/**
 * Every setting of `bootwright serve`: its type, its bounds, its default, and in `description` what a good value looks
 * like (errors show it). bootwright.example.yaml explains the same keys at length; a test holds the two together.
 */
export const settingsSchema = section({
  interface: Type.Optional(interfaceName),
  address: Type.Optional(ipv4('an IPv4 address of this machine')),
  root: Type.String({ minLength: 1, default: 'pxe-root', description: 'a folder' }),
  images: Type.String({ minLength: 1, default: 'images', description: 'a folder' }),
  dhcp: section({
    ...dhcpOfNetwork,
    leaseSeconds: leaseTime(3600),
    dns: addresses4([]),
    ntp: addresses4([]),
    port: port('a port from 1 to 65534 (clients use the next one)', 67, 65_534),
    probe: Type.Boolean({ default: true, description: 'true or false' }),
    lookSeconds: Type.Integer({
      minimum: 0,
      maximum: 60,
      default: 4,
      description: 'a number of seconds from 0 (not at all) to 60',
    }),
  }),
  dhcp6: section({ ...dhcp6OfNetwork, leaseSeconds: leaseTime(3600), dns: addresses6([]), ntp: addresses6([]) }),
  networks: Type.Array(networkSchema, { default: [], description: 'a list of networks' }),
  firmware: firmwareSettings,
  tftp: tftpSettings,
  http: httpSettings,
  https: httpsSettings,
  build: section({
    kernelArguments: Type.Array(Type.String({ minLength: 1, description: 'a kernel argument' }), {
      default: [],
      description: 'a list of kernel arguments',
    }),
  }),
  log: section({
    format: Type.Union([Type.Literal('auto'), Type.Literal('pretty'), Type.Literal('json')], {
      default: 'auto',
      description: 'auto, pretty or json',
    }),
    level: Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')], {
      default: 'info',
      description: 'debug, info, warn or error',
    }),
  }),
  stopSeconds: Type.Integer({
    minimum: 0,
    maximum: 3600,
    default: 30,
    description: 'a number of seconds from 0 to 3600',
  }),
});

/** The settings of one server, whole and frozen. */
export type Settings = Static<typeof settingsSchema>;
