// Owns the life of a simulator: a stand-in for Spacebring's support tickets on loopback, in memory, with the vendor's
// limit and with faults on request. docs/simulator.md says which behaviour is documented and which is assumed.
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { makeApp } from './app.ts';
import { makeControlRoutes } from './control-routes.ts';
import { makeControls, type SimulatorControls } from './controls.ts';
import { type SimulatorOptions, settle } from './options.ts';
import { makeWorld } from './world.ts';

/** A running simulator; the controls also stand below `url`/_simulator/. */
export interface Simulator extends SimulatorControls {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Ends at once: open calls are cut, late effects dropped. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts one and resolves when it listens. Throws a RangeError for options that cannot be served, a ZodError for
 * tickets that are none, and an Error with its cause if the address cannot be taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = settle(options);
  let world = makeWorld(settings);
  const controls = makeControls(
    () => world,
    () => {
      world.end();
      world = makeWorld(settings);
    },
  );
  const server = createServer(makeApp(() => world, makeControlRoutes(controls)));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await listen(server, settings.host, settings.port);

  let closing: Promise<void> | undefined;
  function close(): Promise<void> {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      world.end();
      for (const socket of sockets) socket.destroy();
    });
    return closing;
  }

  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return { ...controls, url: `http://${host}:${port}`, host: settings.host, port, close };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const hint =
        cause.code === 'EADDRINUSE' ? 'something else listens there; choose another port, or 0' : cause.message;
      reject(new Error(`starting the simulator on ${host}:${port}: ${hint}`, { cause }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}
