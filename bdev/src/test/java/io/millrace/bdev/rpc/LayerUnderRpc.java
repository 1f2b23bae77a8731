package io.millrace.bdev.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.BdevListener;
import io.millrace.bdev.BdevRegistry;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.LinuxException;
import io.millrace.linux.Mapping;
import io.millrace.reactor.Reactor;
import io.millrace.rpc.MethodRegistry;
import io.millrace.rpc.RpcException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The block layer with its methods on one reactor, whose clock the test sets. */
final class LayerUnderRpc implements AutoCloseable {
  static final int BLOCK = 512;

  private final JsonMapper json = new JsonMapper();
  private final Mapping memory = memory();
  final Reactor reactor = Reactor.stepped("control");
  final BdevRegistry bdevs = new BdevRegistry();
  final MethodRegistry methods = new MethodRegistry();
  private long micros = 1_000;

  LayerUnderRpc() {
    BdevMethods.addTo(methods, bdevs, reactor);
    pass(0);
  }

  private static Mapping memory() {
    try {
      return Mapping.anonymous(1 << 20, false);
    } catch (LinuxException e) {
      throw new AssertionError(e);
    }
  }

  /** A disk of 2048 blocks whose every request takes so long. */
  void addSlowDisk(String name, int latencyMicros) {
    call("bdev_malloc_create", "{'name':'" + name + "m','block_size':512,'num_blocks':2048}");
    call(
        "bdev_delay_create",
        "{'name':'%s','base_bdev_name':'%sm','avg_read_latency':%d,'p99_read_latency':%d,'avg_write_latency':%d,'p99_write_latency':%d}"
            .formatted(name, name, latencyMicros, latencyMicros, latencyMicros, latencyMicros));
  }

  /** A user of a disk that is open on the reactor. */
  BdevChannel open(String name) throws BdevException {
    BdevDescriptor opening = bdevs.open(name, true, new Indifferent());
    return opening.openChannel(reactor);
  }

  /** Submits a request. */
  void submit(BdevChannel channel, IoType type, long block, int blocks) {
    Request io = new Request();
    io.begin(type, block * BLOCK, (long) blocks * BLOCK);
    if (type == IoType.READ || type == IoType.WRITE) {
      io.addSegment(memory.address(), blocks * BLOCK);
    }
    channel.submit(io);
  }

  /** Lets time pass, all at once. */
  void pass(long passed) {
    micros += passed;
    reactor.runOnce(TimeUnit.MICROSECONDS.toNanos(micros));
  }

  JsonNode call(String method, @Nullable String params) {
    return methods
        .call(method, params == null ? null : json.readTree(quoted(params)))
        .toCompletableFuture()
        .join();
  }

  RpcException error(String method, @Nullable String params) {
    Throwable failure = catchThrowable(() -> call(method, params));
    assertThat(failure).isInstanceOf(CompletionException.class);
    return (RpcException) failure.getCause();
  }

  /** JSON as this test writes it, as it is. */
  JsonNode json(String text) {
    return json.readTree(quoted(text));
  }

  private static String quoted(String text) {
    return text.replace('\'', '"');
  }

  @Override
  public void close() {
    reactor.close();
    memory.close();
  }

  private static final class Request extends BdevIo {
    Request() {
      super(1);
    }

    @Override
    protected void completed(IoStatus status) {
      // The test looks at the counts.
    }
  }

  /** A user whom nothing of a disk concerns. */
  static final class Indifferent implements BdevListener {
    @Override
    public void removed() {}

    @Override
    public void resized() {}
  }
}
