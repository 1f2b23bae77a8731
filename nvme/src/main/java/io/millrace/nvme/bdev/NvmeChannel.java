package io.millrace.nvme.bdev;

import io.millrace.bdev.BdevChannel;
import io.millrace.bdev.BdevIo;
import io.millrace.bdev.IoStatus;
import io.millrace.bdev.IoType;
import io.millrace.linux.RawMemory;
import io.millrace.nvme.ControllerData;
import io.millrace.nvme.DmaTable;
import io.millrace.nvme.NamespaceData;
import io.millrace.nvme.NvmeController;
import io.millrace.nvme.NvmeStatus;
import io.millrace.nvme.Opcode;
import io.millrace.nvme.QueuePair;
import io.millrace.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One reactor's way to one namespace: bdev requests as commands, cut to what the controller takes.
 * Data path.
 */
final class NvmeChannel extends BdevChannel {
  private static final int FIRST = 256; // requests and commands to have room for at once
  private static final int FORCE_UNIT_ACCESS = 1 << 30;
  private static final int DEALLOCATE_ZEROES = 1 << 25;
  private static final int PROTECT = 1 << 29; // the controller makes and takes away the tags
  private static final int CHECK_GUARD_AND_REFERENCE = 1 << 28 | 1 << 26;
  private static final int FIRST_UNTAGGED = 3; // types 1 and 2 have the address as a tag
  private static final int DEALLOCATE = 1 << 2;
  private static final int RANGE_BYTES = 16;
  private static final int DWORD_MASK = 3;

  private final NvmeBdev disk;
  private final NvmeController controller;
  private final QueuePair pair;
  private final int nsid;
  private final int blockShift;
  private final int protection; // dword 12
  private final boolean tagged; // dword 14 is the block's address
  private final boolean scatters;
  private final long pageMask;
  private final int maxBytes;
  private final long boundaryBytes;
  private final long maxZeroes;
  private final long maxDeallocate;
  private final CommandPool<NvmeIo> ios;
  private final CommandPool<Command> commands;
  private final BounceBuffers buffers;
  private final Deque<NvmeIo> waiting = new ArrayDeque<>(); // for a buffer
  private boolean goingOn;

  /** A channel over a queue pair that it gives back when it is released. */
  NvmeChannel(NvmeBdev disk, Reactor reactor, QueuePair pair) {
    super(disk, reactor);
    this.disk = disk;
    this.controller = disk.controller();
    this.pair = pair;
    NamespaceData namespace = disk.namespace();
    ControllerData data = controller.data();
    nsid = namespace.nsid();
    blockShift = namespace.blockShift();
    boolean protects = NvmeBdev.makesProtection(namespace);
    tagged = protects && namespace.protection() < FIRST_UNTAGGED;
    protection = protects ? PROTECT | (tagged ? CHECK_GUARD_AND_REFERENCE : 1 << 28) : 0;
    scatters = data.sgl();
    pageMask = controller.pageMask();
    maxBytes = (int) Math.min(data.maxTransferBytes(), 1L << (16 + blockShift));
    boundaryBytes = Math.max((long) namespace.boundaryBlocks() << blockShift, data.stripeBytes());
    maxZeroes = (long) data.maxZeroesBlocks() << blockShift;
    maxDeallocate = data.maxDeallocateBlocks() << blockShift;
    ios = new CommandPool<>(new NvmeIo[0], FIRST, NvmeIo::new);
    commands = new CommandPool<>(new Command[0], FIRST, slot -> new Command(this, slot));
    buffers = new BounceBuffers(controller, pair.reactor(), this::goOn);
  }

  @Override
  protected void start(BdevIo io) {
    NvmeIo request = ios.take();
    request.begin(io);
    if (io.type() == IoType.FLUSH) {
      request.issuedBytes = io.lengthBytes();
      send(request, command(request, Opcode.FLUSH));
    } else {
      issue(request);
    }
  }

  /** Sends as much of a request as may be under way at once. */
  private void issue(NvmeIo request) {
    request.issuing = true;
    boolean sent = true;
    while (sent && request.hasMore() && request.maySend()) {
      sent = issueOne(request);
    }
    request.issuing = false;
    if (sent) {
      endIfOver(request);
    }
  }

  /** Sends the next command of a request; false if it has to wait for a buffer. */
  private boolean issueOne(NvmeIo request) {
    return switch (request.io().type()) {
      case READ -> transfer(request, Opcode.READ);
      case WRITE -> transfer(request, Opcode.WRITE);
      case COMPARE -> transfer(request, Opcode.COMPARE);
      case ZONE_APPEND -> transfer(request, Opcode.ZONE_APPEND);
      case WRITE_ZEROES -> zeroes(request);
      case UNMAP -> deallocate(request);
      case FLUSH -> throw new IllegalStateException("a flush has no length");
    };
  }

  private Command command(NvmeIo request, int opcode) {
    Command command = commands.take();
    command.begin(opcode, nsid);
    command.startsAt(request);
    command.bounce = 0;
    return command;
  }

  private void send(NvmeIo request, Command command) {
    request.outstanding++;
    pair.submit(command);
  }

  private boolean transfer(NvmeIo request, int opcode) {
    BdevIo io = request.io();
    long offset = io.offsetBytes() + request.issuedBytes;
    long left = io.lengthBytes() - request.issuedBytes;
    int most = (int) Math.min(upToBoundary(offset, left), maxBytes);
    Command command = command(request, opcode);
    int bytes = gather(command, io, request, most) & -(1 << blockShift);
    if (bytes == 0) {
      bytes = Math.min(most, BounceBuffers.BYTES);
      if (!bounce(command, io, bytes)) {
        wait(request, command);
        return false;
      }
    } else if (bytes < command.dataBytes()) {
      command.dropLast((int) command.dataBytes() - bytes);
    }
    if (opcode == Opcode.ZONE_APPEND) {
      command.once();
      if (bytes < left) {
        return refuse(request, command); // each part would land where its turn puts it
      }
    }
    command.bytes = bytes;
    long block = offset >>> blockShift;
    int flags = protection | (io.isForceUnitAccess() ? FORCE_UNIT_ACCESS : 0);
    command.blocks(block, bytes >>> blockShift, flags);
    if (tagged) {
      command.referenceTag((int) block);
    }
    request.advance(bytes);
    send(request, command);
    return true;
  }

  private boolean refuse(NvmeIo request, Command command) {
    give(command);
    request.status = NvmeStatus.INVALID_FIELD | NvmeStatus.DNR;
    return true;
  }

  private long upToBoundary(long offset, long bytes) {
    return boundaryBytes == 0 ? bytes : Math.min(bytes, boundaryBytes - offset % boundaryBytes);
  }

  /** Adds as much memory as one command can name; returns how many bytes that is. */
  private int gather(Command command, BdevIo io, NvmeIo request, int most) {
    DmaTable.Map map = controller.memory();
    int segment = request.segment;
    int within = request.segmentOffset;
    int total = 0;
    while (total < most && command.hasRoom()) {
      long address = io.segmentAddress(segment) + within;
      int bytes = Math.min(io.segmentBytes(segment) - within, most - total);
      int range = map.find(address);
      if (range < 0 || ((address | bytes) & DWORD_MASK) != 0) {
        break;
      }
      int reached = (int) Math.min(bytes, map.left(range, address));
      long iova = map.iova(range, address);
      if (!scatters && total > 0 && !command.continuesAt(iova, pageMask)) {
        break;
      }
      command.addSegment(iova, reached);
      total += reached;
      within += reached;
      if (within == io.segmentBytes(segment)) {
        segment++;
        within = 0;
      }
    }
    return total;
  }

  private boolean bounce(Command command, BdevIo io, int bytes) {
    long buffer = buffers.take();
    if (buffer == 0) {
      return false;
    }
    command.clearSegments();
    command.bounce = buffer;
    command.bytes = bytes;
    command.addSegment(buffers.iova(buffer), bytes);
    if (io.type() != IoType.READ) {
      command.copy(io, true);
    }
    disk.bounced(bytes);
    return true;
  }

  private boolean zeroes(NvmeIo request) {
    BdevIo io = request.io();
    long offset = io.offsetBytes() + request.issuedBytes;
    long bytes = Math.min(io.lengthBytes() - request.issuedBytes, maxZeroes);
    Command command = command(request, Opcode.WRITE_ZEROES);
    int flags =
        (protection & PROTECT) | (io.mayUnmap() ? DEALLOCATE_ZEROES : 0); // nothing to check
    long block = offset >>> blockShift;
    command.blocks(block, (int) (bytes >>> blockShift), flags);
    if (tagged) {
      command.referenceTag((int) block);
    }
    request.issuedBytes += bytes;
    send(request, command);
    return true;
  }

  private boolean deallocate(NvmeIo request) {
    BdevIo io = request.io();
    long offset = io.offsetBytes() + request.issuedBytes;
    long bytes = Math.min(io.lengthBytes() - request.issuedBytes, maxDeallocate);
    Command command = command(request, Opcode.DATASET_MANAGEMENT);
    long range = buffers.take();
    if (range == 0) {
      wait(request, command);
      return false;
    }
    RawMemory.putInt(range, 0);
    RawMemory.putInt(range + 4, (int) (bytes >>> blockShift));
    RawMemory.putLong(range + 8, offset >>> blockShift);
    command.bounce = range;
    command.addSegment(buffers.iova(range), RANGE_BYTES);
    command.parameters(0, DEALLOCATE);
    request.issuedBytes += bytes;
    send(request, command);
    return true;
  }

  /** Has a request wait for a buffer, if there will ever be one. */
  private void wait(NvmeIo request, Command command) {
    give(command);
    if (buffers.isRefused()) {
      request.status = NvmeStatus.INTERNAL_ERROR;
      request.issuing = false;
      endIfOver(request);
    } else if (!request.waits) {
      request.waits = true;
      waiting.add(request);
    }
  }

  /** There are buffers: lets those go on that wait for one, in their order. */
  private void goOn() {
    if (goingOn) {
      return; // a command has ended before its submission was over
    }
    goingOn = true;
    int count = waiting.size();
    for (int i = 0; i < count && !waiting.isEmpty(); i++) {
      NvmeIo request = waiting.remove();
      request.waits = false;
      issue(request);
    }
    goingOn = false;
  }

  private void give(Command command) {
    if (command.bounce != 0) {
      buffers.give(command.bounce);
      command.bounce = 0;
    }
    command.parent = null;
    commands.give(command);
  }

  /** A command of this channel is over. */
  void done(Command command, int status, long result) {
    NvmeIo request = command.parent();
    BdevIo io = request.io();
    boolean bounced = command.bounce != 0;
    if (bounced && status == NvmeStatus.SUCCESS && io.type() == IoType.READ) {
      command.copy(io, false);
    }
    give(command);
    request.outstanding--;
    request.result = result;
    if (status != NvmeStatus.SUCCESS && request.status == NvmeStatus.SUCCESS) {
      request.status = status;
    }
    if (!request.issuing) {
      if (request.hasMore() && !request.waits) {
        issue(request);
      } else {
        endIfOver(request);
      }
    }
    if (bounced && !waiting.isEmpty()) {
      goOn();
    }
  }

  private void endIfOver(NvmeIo request) {
    if (request.outstanding > 0 || request.issuing || request.waits || request.hasMore()) {
      return;
    }
    BdevIo io = request.io();
    int status = request.status;
    boolean whole = request.issuedBytes == io.lengthBytes();
    IoStatus ended =
        status == NvmeStatus.SUCCESS && !whole ? IoStatus.ABORTED : NvmeErrors.of(status);
    if (status != NvmeStatus.SUCCESS && ended != IoStatus.ABORTED && ended != IoStatus.MISCOMPARE) {
      disk.failed(io.toString(), status);
    }
    if (io.type() == IoType.ZONE_APPEND && ended == IoStatus.SUCCESS) {
      io.appendedOffsetBytes(request.result << blockShift);
    }
    request.io = null;
    ios.give(request);
    io.complete(ended, ended == IoStatus.SUCCESS ? io.lengthBytes() : 0);
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // this request, not one like it
  protected void stop(BdevIo io) {
    NvmeIo request = ios.get(io.moduleSlot());
    if (request.io != io) {
      return;
    }
    request.cancelled = true;
    for (int i = 0; i < commands.size(); i++) {
      Command command = commands.get(i);
      if (command.parent == request) {
        pair.cancel(command);
      }
    }
    if (request.waits && waiting.remove(request)) {
      request.waits = false;
      endIfOver(request);
    }
  }

  @Override
  protected void release() {
    buffers.close();
    controller.release(pair.reactor());
  }
}
