// The platform's identity provider, played by a library that nobody here has touched. Whoever types a name is that person.
//
// Usage: provider.mjs ISSUER CLIENT_SECRET REDIRECT POST_LOGOUT BACKCHANNEL. Prints `ready` once it serves. The line `rotate`
// on standard input takes a new signing key and forgets the old one, and with it every session. It ends with its input.
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const [issuer, secret, redirect, home, backchannel] = process.argv.slice(2);

// Standard output is for whoever started this; the library says there what only a deployment needs to hear.
console.warn = () => {};
console.info = () => {};

function key() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: randomUUID() };
}

function provider() {
  const made = new Provider(issuer, {
    clients: [{
      client_id: 'yinuo',
      client_secret: secret,
      redirect_uris: [redirect],
      post_logout_redirect_uris: [home],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      id_token_signed_response_alg: 'ES256',
      backchannel_logout_uri: backchannel,
      backchannel_logout_session_required: true,
    }],
    jwks: { keys: [key()] },
    // Signing out goes there as a form, so that the token that names the person is in no address.
    enableHttpPostMethods: true,
    cookies: { long: { sameSite: 'none' }, keys: [createHash('sha256').update('invented').digest('hex')] },
    features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    // Everything here is on this machine, to which the library would otherwise not speak.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }),
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    // One page to sign in on, and none to consent on: whether Yinuo may know who somebody is, is the platform's own matter.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
  });
  made.on('server_error', (_, error) => console.error(error));
  made.on('backchannel.error', (_, error) => console.error(error));
  return made;
}

let callback = provider().callback();
const server = createServer((request, response) => callback(request, response));
const { hostname, port } = new URL(issuer);
server.listen(Number(port), hostname, () => console.log('ready'));

createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'rotate') {
    // Sessions, codes and keys of before are forgotten, as after a restart.
    callback = provider().callback();
    console.log('rotated');
  }
}).on('close', () => process.exit(0));
