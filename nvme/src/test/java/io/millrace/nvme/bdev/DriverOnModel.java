package io.millrace.nvme.bdev;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.ControllerOptions;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.model.ModelController;
import io.millrace.nvme.model.ModelDevice;
import io.millrace.nvme.model.ModelOptions;
import io.millrace.reactor.Reactor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The driver and a controller made of memory, on one thread and a clock that the test turns: each
 * step is a step of the controller, a round of the driver's reactor, and some time.
 */
final class DriverOnModel implements AutoCloseable {
  /** Timeout of commands. */
  static final Duration TIMEOUT = Duration.ofSeconds(2);

  private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int MOST_STEPS = 200_000;
  private static final int MEMORY = 8 << 20;

  final Reactor reactor = Reactor.stepped("model");
  final ModelDevice device;
  final BdevRegistry bdevs = new BdevRegistry();
  final NvmeModule module;
  final Mapping memory;
  private final boolean registered;
  private long now;
  private @Nullable BdevDescriptor opening;
  private @Nullable BdevChannel channel;
  boolean removed;
  int resized;

  DriverOnModel(ModelOptions model) throws Exception {
    this(model, ControllerOptions.DEFAULTS.withTimeout(TIMEOUT).withAdminTimeout(TIMEOUT), true);
  }

  DriverOnModel(ModelOptions model, ControllerOptions options, boolean registered)
      throws Exception {
    this.registered = registered;
    device = new ModelDevice(model);
    module = new NvmeModule(bdevs, reactor, address -> device);
    module.options(options);
    memory = Mapping.anonymous(MEMORY, false);
  }

  ModelController model() {
    return device.controller();
  }

  NvmeController controller() throws Exception {
    return module.get("Nvme0").controller();
  }

  /** Attaches the controller and opens a disk of it. */
  DriverOnModel open(String disk) throws Exception {
    await(module.attach("Nvme0", "model", 16));
    BdevDescriptor opened =
        bdevs.open(
            disk,
            true,
            new BdevListener() {
              @Override
              public void removed() {
                removed = true;
                letGo();
              }

              @Override
              public void resized() {
                resized++;
              }
            });
    opening = opened;
    if (registered) {
      bdevs.memory().add(opened.bdev(), memory.address(), memory.size());
    }
    channel = opened.openChannel(reactor);
    return this;
  }

  /** Gives the reactor's queue pair back, and takes one again. */
  void reopenChannel() throws Exception {
    BdevDescriptor opened = opening;
    if (opened == null) {
      throw new IllegalStateException("not open");
    }
    opened.closeChannel(channel());
    channel = opened.openChannel(reactor);
  }

  NvmeBdev disk() {
    BdevDescriptor opened = opening;
    if (opened == null) {
      throw new IllegalStateException("not open");
    }
    return (NvmeBdev) opened.bdev();
  }

  BdevChannel channel() {
    BdevChannel open = channel;
    if (open == null) {
      throw new IllegalStateException("not open");
    }
    return open;
  }

  private void letGo() {
    BdevDescriptor opened = opening;
    BdevChannel open = channel;
    if (opened != null && open != null && open.inFlightCount() == 0) {
      opened.closeChannel(open);
      if (registered) {
        bdevs.memory().remove(opened.bdev(), memory.address(), memory.size());
      }
      opened.close();
      opening = null;
      channel = null;
    }
  }

  void step() {
    device.controller().step();
    round();
    if (removed) {
      letGo();
    }
  }

  private void round() {
    now += STEP_NANOS;
    reactor.runOnce(now);
  }

  /** A step in which no time passes. */
  void stepInNoTime() {
    device.controller().step();
    reactor.runOnce(now);
  }

  /** Steps until something is so. */
  void until(String what, BooleanSupplier condition) {
    for (int i = 0; !condition.getAsBoolean(); i++) {
      if (i == MOST_STEPS) {
        throw new AssertionError("not so after " + MOST_STEPS + " steps: " + what);
      }
      step();
    }
  }

  /** Steps for a time of the virtual clock. */
  void pass(Duration time) {
    long end = now + time.toNanos();
    until(time + " pass", () -> now >= end);
  }

  /** Steps until a result is there. */
  <T extends @Nullable Object> T await(CompletionStage<T> stage) throws Exception {
    CompletableFuture<T> future = stage.toCompletableFuture();
    until("a result is there", future::isDone);
    try {
      return future.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** A request that counts how often it was completed. */
  static final class Request extends BdevIo {
    int completions;
    @Nullable IoStatus status;

    Request() {
      super(4);
    }

    @Override
    protected void completed(IoStatus status) {
      completions++;
      this.status = status;
    }
  }

  /** Submits a request of one segment. */
  Request submit(IoType type, long offset, int bytes, long address) {
    Request request = new Request();
    request.begin(type, offset, bytes);
    if (type == IoType.READ || type == IoType.WRITE || type == IoType.COMPARE) {
      request.addSegment(address, bytes);
    }
    channel().submit(request);
    return request;
  }

  /** Does a request. */
  @Nullable IoStatus run(IoType type, long offset, int bytes, long address) {
    Request request = submit(type, offset, bytes, address);
    until(request + " is done", () -> request.completions > 0);
    return request.status;
  }

  void fill(long address, int bytes, int seed) {
    for (int i = 0; i < bytes; i += Integer.BYTES) {
      RawMemory.putInt(address + i, Integer.rotateLeft((seed * 31 + i) * 0x9E3779B1, 11));
    }
  }

  byte[] bytes(long address, int count) {
    byte[] copy = new byte[count];
    RawMemory.get(address, copy, 0, count);
    return copy;
  }

  @Override
  public void close() {
    try {
      letGo();
      await(bdevs.removeAll());
      await(module.close());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      reactor.close();
      memory.close();
      device.close();
    }
  }
}
