package io.millrace.bdev;

/** An opener that does nothing about what it is told. */
final class Indifferent implements BdevListener {
  @Override
  public void removed() {}

  @Override
  public void resized() {}
}
