// Loaded by bootwright.js into the process that it starts: a server must not live on where its parent was killed by
// `kill -9`, which nobody can pass on.
// Threads load it as well, and have no channel of their own.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
