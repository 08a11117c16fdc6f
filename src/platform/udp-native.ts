import { performance } from 'node:perf_hooks';
import { Epoll } from './epoll.ts';
import type { HeldDescriptors } from './held-descriptors.ts';
import { NativeUdpSocket } from './native-socket.ts';
import { whenReadable } from './packet-calls.ts';
import type { OnDatagram, Udp, UdpOptions, UdpSocket } from './udp.ts';

interface NativeUdpOptions {
  readonly descriptors: HeldDescriptors;
  /** Something is to come that only a turn of Node's loop brings. Then nobody waits here for the next datagram. */
  readonly isAwaited: () => boolean;
}

/** For how long Node's loop stands still: its timers and messages are late by that much. */
const sliceMs = 5;
/** The answer to what was just sent comes within this time where the machine is near. */
const nearMs = 10;
/** As the kernel's own busy polling has it (net.core.busy_read): the round trip to a machine on the same switch, or host. */
const lookMs = 0.05;
/** A client on this host is in the way of who looks, until the scheduler has moved it to another processor. */
const mostInVain = 64;
const pauseWaits = 1024;

/**
 * UDP by the C library, for a thread that does nothing else: a datagram costs three calls of the kernel, as in a server
 * in C, because the loop of Node is left aside as long as datagrams come. The bytes of a datagram are valid only until
 * its receiver returns, and all of a send has happened when it returns.
 */
export class NativeUdp implements Udp {
  readonly #options: NativeUdpOptions;
  readonly #epoll = new Epoll();
  readonly #watch: { stop(): void };
  #looksInVain = 0;
  #waitsWithoutLook = 0;

  constructor(options: NativeUdpOptions) {
    this.#options = options;
    options.descriptors.hold(this.#epoll.fd);
    this.#watch = whenReadable(this.#epoll.fd, false, () => this.#serve());
  }

  async open(options: UdpOptions, onDatagram: OnDatagram): Promise<UdpSocket> {
    return new NativeUdpSocket({ ...options, epoll: this.#epoll, descriptors: this.#options.descriptors, onDatagram });
  }

  /** All sockets must have been closed. */
  close(): void {
    this.#watch.stop();
    this.#options.descriptors.close(this.#epoll.fd);
  }

  #serve(): void {
    const untilMs = performance.now() + sliceMs;
    let count = this.#epoll.turn(0);
    while (count > 0 && !this.#options.isAwaited() && performance.now() < untilMs) {
      count = this.#look();
      if (count === 0) count = this.#epoll.turn(nearMs);
    }
  }

  /**
   * Looks for the next datagram for a moment without falling asleep: being woken takes as long, and a client in lock-step
   * waits for it with each block. Where answers take longer it is in vain, and left alone for a while.
   */
  #look(): number {
    if (this.#waitsWithoutLook > 0) {
      this.#waitsWithoutLook -= 1;
      return 0;
    }
    const untilMs = performance.now() + lookMs;
    let count = this.#epoll.turn(0);
    while (count === 0 && performance.now() < untilMs) count = this.#epoll.turn(0);
    this.#looksInVain = count > 0 ? 0 : this.#looksInVain + 1;
    if (this.#looksInVain >= mostInVain) {
      this.#looksInVain = 0;
      this.#waitsWithoutLook = pauseWaits;
    }
    return count;
  }
}
