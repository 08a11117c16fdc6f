/** `npm run demo`: a machine boots from the network, on this computer alone, with nothing prepared. */
import { whyNoMachine } from './ground.ts';
import { bootMachine } from './machine-road.ts';
import { walkWithProbe } from './small-road.ts';
import { Story } from './story.ts';

// Who reads may have read enough (| head): the road goes on to its end, and everything is put away.
process.stdout.on('error', () => {});

const story = new Story();
let interrupted = false;
// The programs that were started hear Ctrl-C too and end; then everything is put away on the ordinary way out.
process.on('SIGINT', () => {
  if (interrupted) process.exit(130);
  interrupted = true;
});

const gone = 'The machine, the server and the network are gone again.';
const reason = process.argv.includes('--small') ? 'it was asked for' : await whyNoMachine();
try {
  if (reason === undefined) {
    story.say('A machine without a disk boots a LiveOS from Bootwright, on a network inside this computer.\n');
    await bootMachine(story);
    story.say(`\nBooted in ${story.elapsed}. ${gone}`);
    story.say('Kept: the image in .cache/liveos, what the machine wrote in .cache/demo/serial.log');
  } else {
    story.say(`The small demo, with a probe instead of a machine:\n${reason}.\n`);
    await walkWithProbe(story);
  }
} catch (error) {
  story.failed(interrupted ? `Stopped. ${gone}` : `${error instanceof Error ? error.message : error}`);
  process.exitCode = interrupted ? 130 : 1;
}
