package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevWatcher;
import io.millrace.rpc.Configuration;

/**
 * Has the record of a bdev, and of what is set on it, go with the bdev. What is asked for by name
 * and waits for its base, or stays asked for when that goes, is recorded under an id of its
 * module's: of such a bdev only what is set on it goes. Control thread.
 */
final class ConfiguredBdevs implements BdevWatcher {
  /** What all methods of bdevs configure. */
  static final String SUBSYSTEM = "bdev";

  private final Configuration configuration;

  ConfiguredBdevs(Configuration configuration) {
    this.configuration = configuration;
  }

  /** Of a bdev of that name, and of what is set on any bdev of that name. */
  static String id(String name) {
    return Configuration.id("bdev", name);
  }

  @Override
  public void registered(Bdev bdev) {
    // Whoever made it records that.
  }

  @Override
  public void resized(Bdev bdev) {
    // Whoever resized it records that, if the size is not the storage's.
  }

  @Override
  public void unregistered(Bdev bdev) {
    configuration.remove(id(bdev.name()));
  }
}
