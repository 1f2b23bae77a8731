package io.millrace.virtio.scsi;

import io.millrace.reactor.Reactor;
import io.millrace.scsi.LogicalUnits;
import io.millrace.vhost.user.VhostSocket;
import io.millrace.vhost.user.server.Coalescing;
import io.millrace.vhost.user.server.DeviceSession;
import io.millrace.vhost.user.server.GoingMemory;
import io.millrace.vhost.user.server.Placement;
import io.millrace.vhost.user.server.QueueContext;
import io.millrace.vhost.user.server.QueueHandler;
import io.millrace.vhost.user.server.VhostController;
import io.millrace.vhost.user.server.VhostDevice;
import io.millrace.virtqueue.ChainReader;
import io.millrace.virtqueue.DescriptorChain;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A controller of ours, and somebody in front of its queues: who sees each command, and answers
 * some in the units' stead.
 */
final class MeddledController extends VhostController {
  /** The answer to a command, or null to have the unit answer. */
  interface Meddler {
    @Nullable Reply to(byte[] cdb);
  }

  /** What a device says of a command ({@code struct virtio_scsi_req_cmd}). */
  static final class Reply {
    private static final byte[] NOTHING = {};

    private final byte[] bytes;

    /**
     * Says anything.
     *
     * @param senseBytes how much sense data there is, as the device has it
     */
    Reply(int response, int status, int senseBytes, byte[] sense, int residual, byte[] data) {
      bytes = new byte[ScsiRequest.RESPONSE_BYTES + data.length];
      ByteBuffer.wrap(bytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt(senseBytes)
          .putInt(residual)
          .putShort((short) 0)
          .put((byte) status)
          .put((byte) response)
          .put(sense)
          .position(ScsiRequest.RESPONSE_BYTES)
          .put(data);
    }

    static Reply response(int response) {
      return new Reply(response, 0, 0, NOTHING, 0, NOTHING);
    }

    static Reply status(int status) {
      return new Reply(0, status, 0, NOTHING, 0, NOTHING);
    }

    /** CHECK CONDITION, with a sense key and a code of two bytes, fixed format. */
    static Reply sense(int key, int code) {
      byte[] sense = new byte[18];
      sense[0] = 0x70;
      sense[2] = (byte) key;
      sense[12] = (byte) (code >> 8);
      sense[13] = (byte) code;
      return new Reply(0, 2, sense.length, sense, 0, NOTHING);
    }

    /** Done, with data. */
    static Reply data(byte... data) {
      return new Reply(0, 0, 0, NOTHING, 0, data);
    }

    /** Done, but for some bytes. */
    static Reply residual(int bytes) {
      return new Reply(0, 0, 0, NOTHING, bytes, NOTHING);
    }
  }

  final List<byte[]> seen = new CopyOnWriteArrayList<>();
  volatile Meddler meddler = cdb -> null;
  final ScsiController units;

  private MeddledController(Device device, Placement placement, ScsiController units) {
    super(device, placement);
    device.controller = this;
    this.units = units;
  }

  /** Makes one; its socket is {@link ScsiHost#socket}. */
  static MeddledController serve(ScsiHost host, String name) throws Exception {
    return host.onControl(() -> {
      Placement placement = host.all.place(name, null);
      ScsiDevice device = new ScsiDevice(name, placement, host.bdevs.memory());
      ScsiController units =
          new ScsiController(
              device, host.bdevs, new LogicalUnits(), new Ports(), placement, host.control);
      MeddledController made = new MeddledController(new Device(device), placement, units);
      host.all.add(made);
      host.all.serve(made, VhostSocket.listen(host.socket(name), null));
      return made;
    });
  }

  /** Commands of an opcode that were sent so far. */
  List<byte[]> seen(int opcode) {
    return seen.stream().filter(cdb -> (cdb[0] & 0xff) == opcode).toList();
  }

  @Override
  protected void applyCoalescing(Coalescing setting) {
    units.applyCoalescing(setting);
  }

  @Override
  public String subsystem() {
    return "vhost_none";
  }

  @Override
  public Map<String, Object> backendSpecific() {
    return units.backendSpecific();
  }

  @Override
  public List<String> bdevNames() {
    return units.bdevNames();
  }

  @Override
  protected void release(Runnable done) {
    units.release(done);
  }

  private static final class Ports implements ScsiController.PortIds {
    private int last;

    @Override
    public int next() {
      return ++last;
    }

    @Override
    public void free(int id) {
      // There are enough.
    }
  }

  private static final class Device implements VhostDevice {
    private final ScsiDevice device;
    @Nullable MeddledController controller;

    Device(ScsiDevice device) {
      this.device = device;
    }

    @Override
    public String name() {
      return device.name();
    }

    @Override
    public long features() {
      return device.features();
    }

    @Override
    public int queueCount() {
      return device.queueCount();
    }

    @Override
    public Reactor reactorFor(int queueIndex) {
      return device.reactorFor(queueIndex);
    }

    @Override
    public DeviceSession newSession() {
      return new Session(device.newSession(), controller);
    }

    @Override
    public void memoryAdded(long address, long bytes) {
      device.memoryAdded(address, bytes);
    }

    @Override
    public void memoryRemoved(long address, long bytes) {
      device.memoryRemoved(address, bytes);
    }
  }

  private record Session(DeviceSession session, MeddledController controller)
      implements DeviceSession {
    @Override
    public void negotiated(long features) {
      session.negotiated(features);
    }

    @Override
    public byte[] config() {
      return session.config();
    }

    @Override
    public boolean writeConfig(int offset, byte[] data, boolean migration) {
      return session.writeConfig(offset, data, migration);
    }

    @Override
    public QueueHandler startQueue(QueueContext context) {
      QueueHandler queue;
      try {
        queue = session.startQueue(context);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
      return context.index() < ScsiConfig.FIRST_REQUEST_QUEUE
          ? queue
          : new Queue(queue, context, controller);
    }

    @Override
    public void closed() {
      session.closed();
    }
  }

  /** What the meddler says, and where. */
  private record Answered(int head, Scatter place, Reply reply) {}

  private static final class Queue implements QueueHandler {
    private final QueueHandler queue;
    private final QueueContext context;
    private final MeddledController controller;
    private final ChainReader reader = new ChainReader();
    private final List<Answered> answered = new ArrayList<>();

    Queue(QueueHandler queue, QueueContext context, MeddledController controller) {
      this.queue = queue;
      this.context = context;
      this.controller = controller;
    }

    @Override
    public long take(DescriptorChain chain) {
      byte[] header = new byte[RequestReader.HEADER_BYTES];
      reader.begin(chain);
      reader.read(header, 0, header.length);
      byte[] cdb = Arrays.copyOfRange(header, 19, 35);
      controller.seen.add(cdb);
      Reply reply = controller.meddler.to(cdb);
      if (reply == null) {
        return queue.take(chain);
      }
      Scatter place = new Scatter();
      place.of(chain, 0, reply.bytes.length);
      answered.add(new Answered(chain.head(), place, reply));
      return 0;
    }

    @Override
    public void submitTaken() {
      queue.submitTaken();
      if (!answered.isEmpty()) {
        context.requestDone();
      }
    }

    @Override
    public int outstanding() {
      return queue.outstanding() + answered.size();
    }

    @Override
    public void respond(Returns returns) {
      for (Answered one : answered) {
        byte[] bytes = one.reply.bytes;
        one.place.put(bytes, bytes.length, context.writes());
        returns.give(one.head, bytes.length);
      }
      queue.respond(returns);
    }

    @Override
    public void recycle() {
      answered.clear();
      queue.recycle();
    }

    @Override
    public void mark(GoingMemory going) {
      queue.mark(going);
    }

    @Override
    public int markedCount() {
      return queue.markedCount();
    }

    @Override
    public void cancelMarked() {
      queue.cancelMarked();
    }

    @Override
    public void cancelAll() {
      queue.cancelAll();
    }

    @Override
    public void close() {
      queue.close();
    }
  }
}
