package io.millrace.bdev;

import static java.util.stream.Collectors.toMap;

import io.millrace.reactor.Reactor;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A block device. A module extends this class and {@link BdevChannel}; {@link
 * BdevRegistry#register} makes the bdev known.
 *
 * <p>Control-plane object. Its channels live on reactors; {@link #blockCount} may be read anywhere.
 */
public abstract class Bdev {
  private final BdevProperties properties;
  private final int blockMask;
  private final boolean[] supported = new boolean[IoType.values().length];
  private final Map<Reactor, BdevChannel> channels = new HashMap<>(); // guarded by itself
  private final RangeLocks locks = new RangeLocks(channels);
  private final BdevMeter meter = new BdevMeter(); // guarded by channels
  private RateLimits rateLimits = RateLimits.NONE; // control thread
  private @Nullable RateLimiter limiter; // guarded by channels
  private volatile long blockCount;

  /** A bdev that is what the properties say. */
  protected Bdev(BdevProperties properties) {
    this.properties = properties;
    this.blockMask = properties.blockSize() - 1;
    this.blockCount = properties.blockCount();
    for (IoType type : properties.types()) {
      supported[type.ordinal()] = true;
    }
  }

  /**
   * A channel for a reactor; runs on that reactor.
   *
   * @throws BdevException if the channel cannot have what it needs
   */
  protected abstract BdevChannel newChannel(Reactor reactor) throws BdevException;

  /** Frees what the bdev has. No channel and no descriptor is left. Control thread. */
  protected void destroy() {
    // Nothing to free by default.
  }

  /**
   * The bdev is being removed: the module ends soon what it keeps waiting of its own accord, now
   * and from now on. Openers are told right after. Control thread.
   */
  protected void removing() {
    // A module whose requests wait only for the medium has nothing to do.
  }

  /**
   * Who has to know the memory of requests, always the same; null if nobody has to. The registry
   * tells it as long as the bdev is registered. Control thread.
   */
  protected @Nullable MemoryListener memoryListener() {
    return null;
  }

  /** Whether requests to this bdev may end up at that one: it is that one, or stands on it. */
  public boolean reaches(Bdev other) {
    return equals(other);
  }

  /** What the bdev is and does. */
  public final BdevProperties properties() {
    return properties;
  }

  /** The bdev's name. */
  public final String name() {
    return properties.name();
  }

  /** How many logical blocks there are now. */
  public final long blockCount() {
    return blockCount;
  }

  /** Capacity in bytes. */
  public final long sizeBytes() {
    return blockCount * properties.blockSize();
  }

  /** Whether the bdev does requests of a type. */
  public final boolean supports(IoType type) {
    return supported[type.ordinal()];
  }

  /** Details of this kind of bdev for {@code bdev_get_bdevs}, by module name as SPDK nests them. */
  public Map<String, Object> driverSpecific() {
    return Map.of();
  }

  /** Its limits, {@link RateLimits#NONE} at first. Control thread. */
  public final RateLimits rateLimits() {
    return rateLimits;
  }

  /**
   * Limits what all users together do from now on, requests held already too. Control thread.
   *
   * @param nowNanos on the reactors' clock
   * @param done runs when every reactor keeps to them, on any of them or the calling thread
   */
  public final void limit(RateLimits limits, long nowNanos, Runnable done) {
    rateLimits = limits;
    RateLimiter adopted;
    synchronized (channels) {
      adopted = RateLimiter.of(limits, limiter, nowNanos);
      limiter = adopted; // a channel opened from now on adopts it by itself
    }
    var _ = askEveryChannel((where, channel) -> channel.adopt(where, adopted)).thenRun(done);
  }

  /** Sums the counts of all channels, of closed ones too. Any thread. */
  public final ChannelStatistics statistics() {
    synchronized (channels) {
      return meter.sum(channels.values());
    }
  }

  /**
   * What it did since its statistics were reset, as the counts are at this moment or, with a reset,
   * as each channel's reactor has them. Any thread.
   *
   * @param reset what begins anew from there on; {@link #statistics} goes on whatever it says
   * @return complete when all reactors have answered, on any of their threads
   */
  public final CompletionStage<StatisticsReport> read(StatisticsReset reset) {
    synchronized (channels) {
      if (reset == StatisticsReset.NONE) {
        return CompletableFuture.completedStage(meter.peek(channels));
      }
    }
    Map<Reactor, ChannelStatistics> counts = new ConcurrentHashMap<>();
    return measureEveryChannel((where, channel) -> counts.put(where, channel.meter().read(reset)))
        .thenApply(all -> {
          synchronized (channels) {
            return new StatisticsReport(meter.readClosed(reset), Map.copyOf(counts));
          }
        });
  }

  /**
   * Counts requests by the time they take from now on, those of channels that open later too, or no
   * more. Counts of another shape are gone; those of the same go on. Any thread.
   *
   * @param shape null for none
   * @return complete when all channels do so
   */
  public final CompletionStage<@Nullable Void> countLatencies(
      LatencyHistogram.@Nullable Shape shape) {
    synchronized (channels) {
      if (!meter.setHistogram(shape)) {
        return CompletableFuture.completedStage(null);
      }
    }
    return measureEveryChannel((where, channel) -> channel.meter().histogram(shape));
  }

  /** What {@link #countLatencies} has had counted, once all reactors told; empty if it has not. */
  public final CompletionStage<Optional<LatencyHistogram>> latencies() {
    Optional<LatencyHistogram> sum;
    synchronized (channels) {
      sum = meter.closedHistogram();
    }
    return measureEveryChannel((where, channel) -> sum.ifPresent(to -> BdevMeter.add(channel, to)))
        .thenApply(all -> sum);
  }

  /**
   * Has its queue's depth looked at from now on. Any thread.
   *
   * @param periodMicros between two looks, though not less than a millisecond; 0 for no more looks
   * @return complete when all channels do so
   */
  public final CompletionStage<@Nullable Void> lookAtDepth(long periodMicros) {
    if (!meter.queueDepth().every(periodMicros)) {
      return CompletableFuture.completedStage(null);
    }
    return measureEveryChannel((where, channel) -> meter.followDepth(channel));
  }

  /** What was seen of its queue's depth. */
  public final QueueDepth queueDepth() {
    return meter.queueDepth();
  }

  /** Requests in flight on all channels, as they are at this moment. Any thread. */
  public final int inFlightCount() {
    synchronized (channels) {
      return channels.values().stream().mapToInt(BdevChannel::inFlightCount).sum();
    }
  }

  /** By reactor, how many users share its channel. Any thread. */
  public final Map<Reactor, Integer> channelUsers() {
    synchronized (channels) {
      return channels.entrySet().stream()
          .collect(toMap(Map.Entry::getKey, e -> e.getValue().users));
    }
  }

  /** For the module: the medium has another size; tell openers by {@link BdevRegistry#resized}. */
  protected final void blockCount(long count) {
    blockCount = count;
  }

  /**
   * For the module: runs an action on every open channel, soon and on its reactor. Any thread.
   *
   * @param action not run for a channel that is closed before its turn
   */
  protected final void onEveryChannel(Consumer<BdevChannel> action) {
    openChannels()
        .forEach((where, channel) ->
            where.execute(() -> ifOpen(where, channel, () -> action.accept(channel))));
  }

  private Map<Reactor, BdevChannel> openChannels() {
    synchronized (channels) {
      return Map.copyOf(channels);
    }
  }

  /** Runs something short on every open channel, with the channels locked, on its reactor. */
  private CompletableFuture<@Nullable Void> measureEveryChannel(
      BiConsumer<Reactor, BdevChannel> action) {
    return askEveryChannel((where, channel) -> {
      synchronized (channels) {
        action.accept(where, channel);
      }
    });
  }

  private CompletableFuture<@Nullable Void> askEveryChannel(
      BiConsumer<Reactor, BdevChannel> action) {
    CompletableFuture<?>[] answers =
        openChannels().entrySet().stream()
            .map(each -> ask(each.getKey(), each.getValue(), action))
            .toArray(CompletableFuture[]::new);
    return CompletableFuture.allOf(answers).thenApply(done -> null);
  }

  private CompletableFuture<?> ask(
      Reactor where, BdevChannel channel, BiConsumer<Reactor, BdevChannel> action) {
    return CompletableFuture.runAsync(
        () -> ifOpen(where, channel, () -> action.accept(where, channel)),
        task -> {
          if (where.inReactor() || !where.execute(task)) {
            task.run(); // a reactor that has ended does nothing more
          }
        });
  }

  private void ifOpen(Reactor where, BdevChannel channel, Runnable action) {
    boolean open;
    synchronized (channels) {
      open = channel.equals(channels.get(where)); // and no later one
    }
    if (open) {
      action.run();
    }
  }

  /**
   * Checks a request against what the bdev is, as {@link BdevChannel#submit} does. Any thread.
   *
   * @return SUCCESS, or the status that the request would complete with
   */
  public final IoStatus check(BdevIo io) {
    IoType type = io.type();
    if (!supported[type.ordinal()]) {
      return type.isWrite() && !properties.writable() ? IoStatus.READ_ONLY : IoStatus.UNSUPPORTED;
    }
    if (type == IoType.FLUSH) {
      return IoStatus.SUCCESS;
    }
    if (type.isWrite() && !properties.writable()) {
      return IoStatus.READ_ONLY;
    }
    long offset = io.offsetBytes();
    long length = io.lengthBytes();
    long size = sizeBytes();
    // The sum of the two could overflow: the guest chose both.
    boolean inside = length > 0 && offset >= 0 && length <= size && offset <= size - length;
    if (!inside || ((offset | length) & blockMask) != 0) {
      return IoStatus.OUT_OF_RANGE;
    }
    return length > BdevLimits.MAX_TRANSFER_BYTES
            && type != IoType.UNMAP
            && type != IoType.WRITE_ZEROES
        ? IoStatus.OUT_OF_RANGE
        : IoStatus.SUCCESS;
  }

  /** The reactor's channel, opened if it is the first user's. Runs on the reactor. */
  final BdevChannel acquireChannel(Reactor reactor) throws BdevException {
    synchronized (channels) {
      BdevChannel channel = channels.get(reactor);
      if (channel == null) {
        channel = newChannel(reactor);
        meter.opened(channel, reactor);
        channels.put(reactor, channel);
        channel.adopt(reactor, limiter);
        locks.giveTo(channel);
      }
      channel.users++;
      return channel;
    }
  }

  /** Gives a channel back; the last user's closes it. Runs on the channel's reactor. */
  final void releaseChannel(BdevChannel channel) {
    synchronized (channels) {
      if (--channel.users > 0) {
        return;
      }
      channels.values().remove(channel);
      meter.closed(channel);
    }
    channel.release();
  }

  /**
   * Locks a range against writes by anybody but the holder, on every channel. Overlapping locks are
   * held one after the other, in the order asked for.
   *
   * @param reactor the caller's, on which {@code locked} runs
   * @param offsetBytes start of the range
   * @param lengthBytes its length
   * @param locked gets the lock once nobody else holds one that overlaps it and no overlapping
   *     write is in flight anywhere; give it back by {@link #unlockRange}
   */
  public final void lockRange(
      Reactor reactor, long offsetBytes, long lengthBytes, Consumer<RangeLock> locked) {
    locks.take(reactor, new RangeLock(offsetBytes, lengthBytes), locked);
  }

  /** Gives a lock back; what waited for it goes on. */
  public final void unlockRange(RangeLock lock) {
    locks.giveBack(lock);
  }

  @Override
  public String toString() {
    return name();
  }
}
