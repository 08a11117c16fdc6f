import { type ErrorRow, exit } from './row.ts';

export const tftpErrors = {
  TFTP_MALFORMED: {
    exit: exit.internal,
    problem: 'the TFTP datagram is malformed: {reason}',
    remedy: 'Nothing: it is not obeyed; "tcpdump -vv udp" shows who sends it.',
  },
  TFTP_FILE_CUT: {
    exit: exit.environment,
    problem: 'the file ended after {availableBytes} bytes of {sizeBytes} while it was being sent',
    remedy: 'Do not change files that machines boot from: publish a new release instead.',
  },
  TFTP_REFUSED: {
    exit: exit.unbootable,
    problem: 'the TFTP server {server} refused {path}: ERROR {errorCode}, "{text}"',
    remedy: 'ERROR 1 means that there is no such file: compare the name with what the server offers.',
  },
  TFTP_TIMED_OUT: {
    exit: exit.unbootable,
    problem: 'the TFTP server {server} fell silent after {receivedBytes} bytes of {path}, for {waitedMs} ms',
    remedy:
      'See that the server runs, and that no firewall drops its answers: they come from another port than the one asked.',
  },
  TFTP_BAD_OPTIONS: {
    exit: exit.unbootable,
    problem: 'the TFTP server {server} answered with an option that was not asked for: {option} = {value}',
    remedy: 'Ask without options, or use another server: firmware refuses such an answer too.',
  },
  TFTP_WRONG_SIZE: {
    exit: exit.unbootable,
    problem: 'the TFTP server {server} announced {announcedBytes} bytes of {path} and sent {receivedBytes}',
    remedy: 'Ask again: the file may have changed meanwhile.',
  },
} as const satisfies Record<string, ErrorRow>;
