// An authorization server that nobody here has touched, with one client and one token whose state it is asked for. Prints its
// address and the token; ends with its input.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from '../tests/identity/node_modules/oidc-provider/lib/index.js';

console.warn = () => {};
console.info = () => {};

const server = createServer();
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
      client_id: 'courier',
      client_secret: 'invented',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    }],
    cookies: { keys: [createHash('sha256').update('invented').digest('hex')] },
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      devInteractions: { enabled: false },
    },
    ttl: { ClientCredentials: 3600 },
  });
  server.on('request', provider.callback());
  const answer = await fetch(`http://127.0.0.1:${port}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('courier:invented')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = await answer.json();
  process.stdout.write(`127.0.0.1:${port} ${token}\n`);
});

process.stdin.resume().on('end', () => process.exit(0));
