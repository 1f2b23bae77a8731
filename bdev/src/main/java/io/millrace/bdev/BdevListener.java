package io.millrace.bdev;

/** Told what happens to an open bdev; runs on the control thread. */
public interface BdevListener {
  /**
   * The bdev is going away: the opener stops using it, closes its channels and then its descriptor.
   * Requests still submitted are completed, new ones end ABORTED once the bdev is gone.
   */
  void removed();

  /** The bdev has another {@link Bdev#blockCount()} now. */
  void resized();
}
