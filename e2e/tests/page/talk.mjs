// An app that asks over one connection again and again, until it is killed; a dot says that it has begun.
import { Agent, get } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const ask = () => get(process.argv[2], { agent }, (answer) => {
  answer.resume();
  answer.on('end', () => {
    process.stdout.write('.');
    setTimeout(ask, 20);
  });
  // The shim goes before this does.
}).on('error', () => process.exit());
ask();
