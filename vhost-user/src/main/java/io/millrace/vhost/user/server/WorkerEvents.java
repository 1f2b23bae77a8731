package io.millrace.vhost.user.server;

import io.millrace.virtqueue.ChainStatus;

/** What a worker tells its session. Called on the worker's reactor, for rare things only. */
interface WorkerEvents {
  /** A chain went back unserved. */
  void badChain(ChainStatus why);

  /** The ring makes no sense any more: the queue stands still. */
  void broken();

  /** The ring cannot go on: its memory went away, or its kick is none. */
  void lostRing(String why);

  /** The worker threw and is no longer polled. */
  void failed(Throwable cause);
}
