package io.millrace.nvme.bdev;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.Mapping;
import io.millrace.linux.RawMemory;
import io.millrace.reactor.Reactor;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Somebody who has a disk open on a reactor and memory that requests point at, for the test's own
 * thread: each call waits for its answer.
 */
public final class DiskUser implements AutoCloseable {
  private static final long SECONDS = 60;

  private final BdevRegistry bdevs;
  private final Reactor control;
  private final Reactor reactor;
  private final BdevDescriptor opening;
  private final BdevChannel channel;
  private final Mapping memory;
  private final boolean registered;
  public final CompletableFuture<String> removed = new CompletableFuture<>();
  final CompletableFuture<Long> resized = new CompletableFuture<>();

  /**
   * Opens a disk.
   *
   * @param memory what requests point at; the caller's
   * @param registered whether the disk learns of it; else its data has to be copied
   */
  public DiskUser(
      BdevRegistry bdevs,
      Reactor control,
      Reactor reactor,
      String disk,
      Mapping memory,
      boolean registered)
      throws Exception {
    this.bdevs = bdevs;
    this.control = control;
    this.reactor = reactor;
    this.memory = memory;
    this.registered = registered;
    opening = on(control, () -> open(disk));
    channel = on(reactor, () -> opening.openChannel(reactor));
  }

  private BdevDescriptor open(String disk) throws BdevException {
    BdevDescriptor opened =
        bdevs.open(
            disk,
            true,
            new BdevListener() {
              @Override
              public void removed() {
                removed.complete(disk);
              }

              @Override
              public void resized() {
                resized.complete(opening.bdev().blockCount());
              }
            });
    if (registered) {
      bdevs.memory().add(opened.bdev(), memory.address(), memory.size());
    }
    return opened;
  }

  /** Runs something on a reactor and waits for it. */
  public static <T> T on(Reactor reactor, Callable<T> action) throws Exception {
    CompletableFuture<T> done = new CompletableFuture<>();
    reactor.execute(() -> {
      try {
        done.complete(action.call());
      } catch (Exception | AssertionError e) {
        done.completeExceptionally(e);
      }
    });
    return done.get(SECONDS, TimeUnit.SECONDS);
  }

  public NvmeBdev disk() {
    return (NvmeBdev) opening.bdev();
  }

  public long address() {
    return memory.address();
  }

  /** Submits a request; its data, if any, is one piece of memory. */
  public CompletableFuture<IoStatus> submit(IoType type, long offset, long bytes, long address) {
    return submit(type, offset, bytes, io -> io.addSegment(address, (int) bytes));
  }

  CompletableFuture<IoStatus> submit(IoType type, long offset, long bytes, Consumer<BdevIo> data) {
    return submit(type, offset, bytes, data, io -> {});
  }

  /**
   * Submits a request.
   *
   * @param data adds its memory, if it has any
   * @param result looks at it when it is done, on the reactor
   */
  CompletableFuture<IoStatus> submit(
      IoType type, long offset, long bytes, Consumer<BdevIo> data, Consumer<BdevIo> result) {
    Request request = new Request(result);
    reactor.execute(() -> {
      request.begin(type, offset, bytes);
      switch (type) {
        case READ, WRITE, COMPARE, ZONE_APPEND -> data.accept(request);
        case FLUSH, UNMAP, WRITE_ZEROES -> {}
      }
      channel.submit(request);
    });
    return request.done;
  }

  /** Does a request. */
  public IoStatus run(IoType type, long offset, long bytes, long address) throws Exception {
    return submit(type, offset, bytes, address).get(SECONDS, TimeUnit.SECONDS);
  }

  public void fill(long address, int bytes, int seed) {
    for (int i = 0; i < bytes; i += Integer.BYTES) {
      RawMemory.putInt(address + i, Integer.rotateLeft((seed + i) * 0x9E3779B1, 11));
    }
  }

  public static byte[] bytes(long address, int count) {
    byte[] copy = new byte[count];
    RawMemory.get(address, copy, 0, count);
    return copy;
  }

  /** Lets go of the disk. */
  @Override
  public void close() {
    try {
      on(reactor, this::closeChannel);
      on(control, this::closeOpening);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean closeChannel() {
    opening.closeChannel(channel);
    return true;
  }

  private boolean closeOpening() {
    if (registered) {
      bdevs.memory().remove(opening.bdev(), memory.address(), memory.size());
    }
    opening.close();
    return true;
  }

  private static final class Request extends BdevIo {
    final CompletableFuture<IoStatus> done = new CompletableFuture<>();

    private final Consumer<BdevIo> result;

    Request(Consumer<BdevIo> result) {
      super(4);
      this.result = result;
    }

    @Override
    protected void completed(IoStatus status) {
      result.accept(this);
      done.complete(status);
    }
  }
}
