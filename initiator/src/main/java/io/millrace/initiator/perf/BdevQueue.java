package io.millrace.initiator.perf;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevDescriptor;
import io.millrace.bdev.BdevException;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.initiator.BlkCompletion;
import io.millrace.initiator.InitiatorException;
import io.millrace.initiator.InitiatorException.Kind;
import io.millrace.reactor.Reactor;
import org.jspecify.annotations.Nullable;

/**
 * A job's channel to a bdev, on a reactor that the job's own thread steps. Data path.
 *
 * <p>Completions are queued here and polled, because a bdev may complete within submit: a load that
 * submitted from there would never return.
 */
final class BdevQueue implements LoadQueue {
  /** A step costs about as much as ten requests to memory, so it is left out while others wait. */
  private static final int POLLS_A_STEP = 32;

  private final BdevDescriptor descriptor;
  private final String name;
  private final Request[] requests; // by token
  private final int[] done; // tokens in order of completion, a ring
  private long doneHead;
  private long doneTail;
  private int inFlightCount;
  private int pollsSinceStep;
  private @Nullable Reactor reactor;
  private @Nullable BdevChannel channel;

  BdevQueue(BdevDescriptor descriptor, String name, int depth) {
    this.descriptor = descriptor;
    this.name = name;
    requests = new Request[depth];
    for (int i = 0; i < depth; i++) {
      requests[i] = new Request(i);
    }
    done = new int[Math.max(2, Integer.highestOneBit(depth) << 1)];
  }

  private final class Request extends BdevIo {
    private final int token;
    private IoStatus status = IoStatus.SUCCESS;

    Request(int token) {
      super(1);
      this.token = token;
    }

    @Override
    protected void completed(IoStatus result) {
      status = result;
      done[(int) (doneTail++ & (done.length - 1))] = token;
    }
  }

  @Override
  public void open() throws InitiatorException {
    Reactor own = Reactor.stepped(name);
    try {
      channel = descriptor.openChannel(own);
      reactor = own;
    } catch (BdevException e) {
      own.close();
      throw new InitiatorException(Kind.UNSUPPORTED, String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public boolean submit(Direction direction, long offsetBytes, long address, int bytes, int token) {
    BdevChannel to = channel;
    if (to == null) {
      return false;
    }
    Request request = requests[token];
    switch (direction) {
      case READ -> {
        request.begin(IoType.READ, offsetBytes, bytes);
        request.addSegment(address, bytes);
      }
      case WRITE -> {
        request.begin(IoType.WRITE, offsetBytes, bytes);
        request.addSegment(address, bytes);
      }
      case TRIM -> request.begin(IoType.UNMAP, offsetBytes, bytes);
      case SYNC -> request.begin(IoType.FLUSH, 0, 0);
    }
    inFlightCount++;
    to.submit(request);
    return true;
  }

  @Override
  public void kick() {
    // The next step begins what was submitted.
  }

  @Override
  public boolean ready() {
    if (doneHead != doneTail && ++pollsSinceStep < POLLS_A_STEP) {
      return true;
    }
    pollsSinceStep = 0;
    Reactor own = reactor;
    if (own != null) {
      own.runOnce(System.nanoTime());
    }
    return doneHead != doneTail;
  }

  @Override
  public void poll(BlkCompletion handler) {
    // Those that complete within the handler's submits are the next batch.
    long end = doneTail;
    while (doneHead != end) {
      Request request = requests[done[(int) (doneHead++ & (done.length - 1))]];
      inFlightCount--;
      handler.completed(request.token, request.status.ordinal(), request.transferredBytes());
    }
  }

  @Override
  public int inFlightCount() {
    return inFlightCount;
  }

  @Override
  public boolean isBroken() {
    return false;
  }

  @Override
  public @Nullable Failure failure() {
    return null;
  }

  @Override
  public String describe(int status) {
    return "status " + IoStatus.values()[status];
  }

  @Override
  public void close() {
    Reactor own = reactor;
    BdevChannel open = channel;
    if (own == null || open == null) {
      return;
    }
    // After a stall something may still be in flight; its memory must outlive it.
    while (open.inFlightCount() > 0) {
      own.runOnce(System.nanoTime());
    }
    descriptor.closeChannel(open);
    own.close();
    channel = null;
  }
}
