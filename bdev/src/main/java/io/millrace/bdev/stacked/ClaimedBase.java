package io.millrace.bdev.stacked;

import io.millrace.bdev.Bdev;
import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bdev that one module keeps to itself: open, claimed, and under one or more stacked bdevs; given
 * back with the last of them. When it is removed, they are. Control thread, except the channels,
 * which are opened and closed on their reactor.
 */
public final class ClaimedBase {
  private static final Logger LOG = LoggerFactory.getLogger(ClaimedBase.class);

  private final BdevRegistry registry;
  private final BdevDescriptor opening;
  private final String module;
  private final Runnable released;
  private final List<StackedBdev> stacked = new ArrayList<>(1);

  private ClaimedBase(BdevRegistry registry, String name, String module, Runnable released)
      throws BdevException {
    this.registry = registry;
    this.module = module;
    this.released = released;
    boolean writable = registry.get(name).properties().writable();
    opening = registry.open(name, writable, new Listener());
  }

  /**
   * Opens and claims a bdev, for writing if it takes writes.
   *
   * @param name its name or UUID
   * @param module for messages
   * @param released runs when it is given back
   * @throws BdevException NOT_FOUND while there is none of that name, CLAIMED or BUSY while others
   *     have it
   */
  static ClaimedBase claim(BdevRegistry registry, String name, String module, Runnable released)
      throws BdevException {
    ClaimedBase base = new ClaimedBase(registry, name, module, released);
    try {
      registry.claim(base.opening, module);
    } catch (BdevException e) {
      base.opening.close();
      throw e;
    }
    return base;
  }

  /**
   * Claims a bdev and makes the one that stands on it, which is not registered yet.
   *
   * @param name the base's name or UUID
   * @param module for messages
   * @param released runs when the base is given back
   * @param maker makes the stacked bdev; if it throws, the base is given back
   */
  public static <T extends StackedBdev> T stack(
      BdevRegistry registry,
      String name,
      String module,
      Runnable released,
      Function<ClaimedBase, T> maker)
      throws BdevException {
    ClaimedBase base = claim(registry, name, module, released);
    try {
      return base.add(maker.apply(base));
    } finally {
      base.releaseIfUnused();
    }
  }

  /** The bdev below. */
  public Bdev bdev() {
    return opening.bdev();
  }

  <T extends StackedBdev> T add(T bdev) {
    stacked.add(bdev);
    return bdev;
  }

  /** One that stood on it is destroyed. */
  void remove(StackedBdev bdev) {
    stacked.remove(bdev);
    releaseIfUnused();
  }

  void releaseIfUnused() {
    if (stacked.isEmpty()) {
      opening.close();
      released.run();
    }
  }

  BdevChannel openChannel(Reactor reactor) throws BdevException {
    return opening.openChannel(reactor);
  }

  void closeChannel(BdevChannel channel) {
    opening.closeChannel(channel);
  }

  private final class Listener implements BdevListener {
    @Override
    public void removed() {
      for (StackedBdev bdev : List.copyOf(stacked)) {
        LOG.info("{} bdev {} goes with its base {}", module, bdev.name(), opening.bdev().name());
        try {
          registry.remove(bdev.name());
        } catch (BdevException e) {
          LOG.debug("{} is not registered", bdev.name(), e);
        }
      }
    }

    @Override
    public void resized() {
      for (StackedBdev bdev : List.copyOf(stacked)) {
        if (bdev.baseResized()) {
          registry.resized(bdev);
        }
      }
    }
  }
}
