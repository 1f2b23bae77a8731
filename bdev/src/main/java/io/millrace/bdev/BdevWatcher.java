package io.millrace.bdev;

/** Is told of what becomes of all bdevs. Control thread; throws nothing. */
public interface BdevWatcher {
  /** There is one more. */
  void registered(Bdev bdev);

  /** One has another size; its openers know. */
  void resized(Bdev bdev);

  /** One has gone: its name is free. */
  void unregistered(Bdev bdev);
}
