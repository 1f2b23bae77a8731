package io.millrace.bdev.rpc;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevWatcher;
import io.millrace.rpc.Configuration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Has the record of what uses a bdev go with the bdev, in a subsystem whose users do not survive it
 * or do not get it back: a configuration that still had the call could not be loaded. Control
 * thread.
 */
public final class UsesOfBdevs implements BdevWatcher {
  private final Configuration configuration;
  private final String subsystem;
  private final String param;

  /**
   * Of one subsystem.
   *
   * @param param of its calls; those in which it is the bdev's name are its uses
   */
  public UsesOfBdevs(Configuration configuration, String subsystem, String param) {
    this.configuration = configuration;
    this.subsystem = subsystem;
    this.param = param;
  }

  @Override
  public void registered(Bdev bdev) {
    // Nobody can use it yet.
  }

  @Override
  public void resized(Bdev bdev) {
    // It is used as before.
  }

  @Override
  public void unregistered(Bdev bdev) {
    List<Configuration.Entry> uses =
        configuration.entries().stream()
            .filter(entry -> entry.subsystem().equals(subsystem) && uses(entry.params(), bdev))
            .toList();
    uses.forEach(use -> configuration.remove(use.id()));
  }

  private boolean uses(@Nullable ObjectNode params, Bdev bdev) {
    return params != null && bdev.name().equals(params.path(param).asString(""));
  }
}
