// Owns the end of a connection on which more is coming than is wanted: the answer has to arrive although the rest is not
// read. A connection that is closed over unread bytes is reset, and a sender that is still sending may lose the answer.
import { Socket } from 'node:net';

/** For an answer to arrive and to be read, also by who sends all before reading. */
const GRACE_MS = 500;
/** The most that is read on: what the largest of known senders sends at once (GitHub, 25 MB), with room. */
const MOST_BYTES = 32 * 1024 * 1024;

/** From now on, where `hasMore` says so at the last answer, the connection ends in stages (RFC 9112, 9.6). */
export function endInStages(socket: Socket, hasMore: () => boolean): void {
  let isLingering = false;
  // What Node calls when an answer with `Connection: close` has been handed over.
  socket.destroySoon = () => {
    if (isLingering) return;
    if (!hasMore()) return Socket.prototype.destroySoon.call(socket);
    isLingering = true;
    linger(socket);
  };
}

/** Says that nothing more comes from here, and throws away what comes until the other side has ended too, or for too long. */
function linger(socket: Socket): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), GRACE_MS);
  socket.once('close', () => clearTimeout(timer));
  const enough = socket.bytesRead + MOST_BYTES;
  socket.on('data', () => {
    if (socket.bytesRead > enough) socket.destroy();
  });
}
