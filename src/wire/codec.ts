/** One value on the wire, both ways. `decode` throws a BootwrightError where the bytes are not such a value. */
export interface Codec<Value> {
  encode(value: Value): Uint8Array;
  decode(bytes: Uint8Array): Value;
}
