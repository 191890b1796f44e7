// In front of a VS Code on the web: its pages, and beside them the ports of this machine, where VS Code sends a browser
// that has to open one. `/proxy/PORT/…` passes on to that port, by HTTP and by WebSocket. A page opened there moves to
// http://PORT.localhost, since it may be anybody's: at VS Code's own address it could do what VS Code does there, and
// what it calls `/style.css` would be looked for in VS Code.
import { Agent, createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { pipeline } from 'node:stream';

const BY_NAME = /^([1-9]\d{0,4})\.localhost$/;
const BY_PATH = /^\/proxy\/([1-9]\d{0,4})(?=[/?]|$)/;

/** Where code-server's windows fetch what they encrypt secrets with; without it, secrets go when the window does. */
const KEY_PATH = '/mint-key';

/**
 * @param {number} vscodePort of VS Code, on 127.0.0.1
 * @param {{ port?: number, secretKey?: Buffer }} [options] the port to listen on, on 127.0.0.1; half of the key to
 * secrets that windows keep in the browser, 32 bytes
 * @returns {Promise<{ origin: string, close(): Promise<void> }>}
 */
export async function startProxy(vscodePort, { port = 0, secretKey } = {}) {
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set();
  const server = createServer((request, response) => {
    const target = targetOf(request, vscodePort);
    if (!target) return refuse(response, 421, 'This is served at 127.0.0.1 and localhost only.');
    if (target.elsewhere && request.headers['sec-fetch-dest'] === 'document')
      return response.writeHead(307, { location: target.elsewhere }).end();
    if (secretKey && target.port === vscodePort && target.path === KEY_PATH)
      return response.writeHead(200, { 'cache-control': 'no-store' }).end(secretKey);
    passOn(agent, target, request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    const target = targetOf(request, vscodePort);
    if (target) tunnel(target, request, socket, head);
    else socket.destroy();
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken: choose another.`) : error),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        agent.destroy();
        // Tunnels are none of the server's connections any more.
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/**
 * Where a request goes; undefined if it was sent to another name than this machine's: by such a name, a page from
 * elsewhere could read what is here.
 */
function targetOf({ headers, url }, vscodePort) {
  const [name = '', ownPort] = (headers.host ?? '').toLowerCase().split(':');
  const byName = BY_NAME.exec(name)?.[1];
  if (isPort(byName)) {
    const own = `http://127.0.0.1:${byName}`;
    // To what listens there, its own page is no stranger.
    const origin = headers.origin === `http://${name}:${ownPort}` ? { origin: own } : {};
    return { port: byName, path: url, headers: { ...headers, ...origin, host: `127.0.0.1:${byName}` } };
  }
  if (name !== '127.0.0.1' && name !== 'localhost') return undefined;
  const [prefix, byPath] = BY_PATH.exec(url) ?? [];
  if (!isPort(byPath)) return { port: vscodePort, path: url, headers };
  const path = url.slice(prefix.length).replace(/^(?!\/)/, '/');
  return {
    port: byPath,
    path,
    headers: { ...withoutVSCodesCookies(headers), host: `127.0.0.1:${byPath}` },
    elsewhere: `http://${byPath}.localhost:${ownPort}${path}`,
  };
}

function isPort(text) {
  return text !== undefined && Number(text) <= 65_535;
}

function passOn(agent, { port, path, headers }, request, response) {
  const passed = httpRequest({
    agent,
    host: '127.0.0.1',
    port,
    path,
    method: request.method,
    headers: without(headers, 'connection'),
  });
  passed.on('response', (answer) => {
    const received = without(answer.headers, 'connection', 'keep-alive');
    response.writeHead(answer.statusCode, answer.statusMessage, received);
    // Events must not wait until there are many.
    response.flushHeaders();
    pipeline(answer, response, () => undefined);
  });
  passed.on('error', () => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, `Nothing answers on port ${port} of this machine.`);
  });
  response.on('close', () => passed.destroy());
  pipeline(request, passed, () => undefined);
}

function tunnel({ port, path, headers }, request, socket, head) {
  const passed = connect(port, '127.0.0.1', () => {
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one) => `${name}: ${one}`),
    );
    passed.write(`${request.method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    passed.write(head);
    pipeline(socket, passed, socket, () => undefined);
  });
  passed.on('error', () => socket.destroy());
  socket.on('error', () => passed.destroy());
}

/** One of them opens windows. */
function withoutVSCodesCookies(headers) {
  if (headers.cookie === undefined) return headers;
  const cookie = headers.cookie.split(/; */).filter((one) => !one.startsWith('vscode-'));
  return cookie.length > 0 ? { ...headers, cookie: cookie.join('; ') } : without(headers, 'cookie');
}

function without(headers, ...names) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

function refuse(response, status, text) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
