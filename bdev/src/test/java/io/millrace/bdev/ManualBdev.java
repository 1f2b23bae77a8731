package io.millrace.bdev;

import io.millrace.reactor.Reactor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A bdev whose requests stay started until the test ends them. */
final class ManualBdev extends Bdev {
  static final int BLOCK = 512;
  static final long BLOCKS = 64;

  final List<BdevIo> started = new ArrayList<>();
  final List<BdevIo> stopped = new ArrayList<>();
  int channelsMade;
  int channelsReleased;
  int destroyed;
  boolean refusesChannels;
  boolean saysAtOnce; // that its requests are done when they are started
  @Nullable Consumer<BdevIo> onStart;

  ManualBdev(String name) {
    this(name, true, EnumSet.of(IoType.READ, IoType.WRITE, IoType.FLUSH, IoType.WRITE_ZEROES));
  }

  ManualBdev(String name, boolean writable, Set<IoType> types) {
    super(
        properties(
            name, UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)), writable, types));
  }

  static BdevProperties properties(String name, UUID uuid, boolean writable, Set<IoType> types) {
    return new BdevProperties(
        name, uuid, "Manual disk", BLOCK, BLOCK, BLOCKS, writable, false, BdevLimits.NONE, types);
  }

  void resize(long blocks) {
    blockCount(blocks);
  }

  @Override
  protected BdevChannel newChannel(Reactor reactor) throws BdevException {
    if (refusesChannels) {
      throw new BdevException(BdevException.Kind.SYSTEM, name() + ": no channel today");
    }
    channelsMade++;
    return new Channel(reactor);
  }

  @Override
  protected void destroy() {
    destroyed++;
  }

  private final class Channel extends BdevChannel {
    Channel(Reactor reactor) {
      super(ManualBdev.this, reactor);
      if (saysAtOnce) {
        endsAtOnce();
      }
    }

    @Override
    protected void start(BdevIo io) {
      started.add(io);
      Consumer<BdevIo> hook = onStart;
      if (hook != null) {
        hook.accept(io);
      }
    }

    @Override
    protected void stop(BdevIo io) {
      stopped.add(io);
      io.complete(IoStatus.ABORTED, 0);
    }

    @Override
    protected void release() {
      channelsReleased++;
    }
  }
}
