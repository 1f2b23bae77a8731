package io.millrace.initiator.perf;

import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevRegistry;

/** Makes a bdev for a run, of a kind that this module does not know. */
public interface BdevSource {
  /**
   * Makes the bdev and registers it. Called once.
   *
   * @return its name
   * @throws BdevException it cannot be had; nothing is left behind
   */
  String open(BdevRegistry bdevs) throws BdevException;

  /** Gives back what is behind the bdev, which has been removed. */
  void close();
}
