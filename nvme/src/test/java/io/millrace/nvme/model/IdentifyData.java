package io.millrace.nvme.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** Identify data structures (base specification 2.0 §5.17.2, NVM command set §4.1.5). */
final class IdentifyData {
  static final int BYTES = 4096;
  static final int NAMESPACE = 0x00;
  static final int CONTROLLER = 0x01;
  static final int ACTIVE_NAMESPACES = 0x02;
  static final int DESCRIPTORS = 0x03;
  static final int NVM_NAMESPACE = 0x05;
  static final int NVM_CONTROLLER = 0x06;
  static final int NVM_ACTIVE_NAMESPACES = 0x07;
  static final int INDEPENDENT_NAMESPACE = 0x08;
  static final int COMMAND_SETS = 0x1c;

  private static final int LARGEST_LISTED = 0xffff_fffd;
  private static final int SGLS_LONGER = 1 << 18;
  private static final int OACS_DOORBELL_BUFFER = 1 << 8;
  private static final int VWC_PRESENT = 1;
  private static final int VWC_FLUSH_ALL = 3 << 1; // flush of all namespaces is supported

  private final ModelOptions options;
  private final Map<Integer, byte[]> replaced = new ConcurrentHashMap<>();

  IdentifyData(ModelOptions options) {
    this.options = options;
  }

  /** Answers {@code cns} with these bytes, the rest zeroes. */
  void replace(int cns, byte[] bytes) {
    replaced.put(cns, bytes.clone());
  }

  /** The structure into {@code data}, zeroed; a status. */
  int fill(int cns, int csi, int nsid, ByteBuffer data) {
    data.order(ByteOrder.LITTLE_ENDIAN);
    byte[] other = replaced.get(cns);
    if (other != null) {
      data.put(0, other);
      return Status.SUCCESS;
    }
    if (csi != 0) {
      return Status.INVALID_FIELD; // only the NVM command set is here
    }
    switch (cns) {
      case CONTROLLER -> controller(data);
      case NVM_CONTROLLER -> nvmController(data);
      case COMMAND_SETS -> data.putLong(0, 1);
      case ACTIVE_NAMESPACES, NVM_ACTIVE_NAMESPACES -> {
        return list(nsid, data);
      }
      case NAMESPACE, DESCRIPTORS, NVM_NAMESPACE, INDEPENDENT_NAMESPACE -> {
        return ofNamespace(cns, nsid, data);
      }
      default -> {
        return Status.INVALID_FIELD;
      }
    }
    return Status.SUCCESS;
  }

  private void controller(ByteBuffer data) {
    data.putShort(0, (short) options.vendor);
    data.putShort(2, (short) options.vendor);
    text(data, 4, 20, options.serial);
    text(data, 24, 40, "Millrace model");
    text(data, 64, 8, options.firmware);
    data.put(77, (byte) options.mdts);
    data.putShort(78, (short) 1); // controller id
    data.putInt(80, options.vs);
    data.putInt(88, 1_000_000); // RTD3E, µs
    data.putInt(92, Features.NOTICE_NAMESPACES); // OAES
    data.put(111, (byte) 1); // an I/O controller
    data.putShort(128, (short) 1); // CRDT1, 100 ms
    data.putShort(130, (short) 2);
    data.putShort(132, (short) 3);
    data.putShort(256, (short) (options.doorbellBuffer ? OACS_DOORBELL_BUFFER : 0));
    data.put(258, (byte) options.acl);
    data.put(259, (byte) options.aerl);
    data.put(260, (byte) 3); // one firmware slot, read only
    data.put(261, (byte) 4); // log pages from an offset on
    data.put(262, (byte) options.elpe);
    data.put(512, (byte) 0x66); // submission queue entries of 64 bytes
    data.put(513, (byte) 0x44); // completion queue entries of 16
    data.putInt(516, Math.max(1, options.namespaces.size()));
    data.putShort(520, (short) options.oncs);
    data.put(
        525, (byte) (options.volatileWriteCache ? VWC_PRESENT | VWC_FLUSH_ALL : VWC_FLUSH_ALL));
    data.putInt(536, options.sgls | (options.sglsLonger ? SGLS_LONGER : 0));
    data.put(768, "nqn.2026-01.io.millrace:model".getBytes(StandardCharsets.US_ASCII));
  }

  private void nvmController(ByteBuffer data) {
    data.put(1, (byte) options.wzsl);
    data.put(3, (byte) options.dmrl);
  }

  private int list(int after, ByteBuffer data) {
    if (Integer.compareUnsigned(after, LARGEST_LISTED) > 0) {
      return Status.INVALID_NAMESPACE;
    }
    Predicate<ModelNamespace> listed =
        namespace -> Integer.compareUnsigned(namespace.id(), after) > 0 && namespace.isAttached();
    options.namespaces.stream().filter(listed).forEach(namespace -> data.putInt(namespace.id()));
    return Status.SUCCESS;
  }

  private int ofNamespace(int cns, int nsid, ByteBuffer data) {
    if (nsid <= 0 || nsid > options.namespaces.size()) {
      return Status.INVALID_NAMESPACE;
    }
    ModelNamespace namespace = options.namespaces.get(nsid - 1);
    if (!namespace.isAttached()) {
      return cns == DESCRIPTORS ? Status.INVALID_FIELD : Status.SUCCESS; // inactive: zeroes
    }
    if (cns == NAMESPACE) {
      namespace(namespace, data);
    } else if (cns == DESCRIPTORS) {
      data.put((byte) 3).put((byte) 16).putShort((short) 0).put(uuid(nsid));
      data.put((byte) 4).put((byte) 1).putShort((short) 0).put((byte) 0); // NVM command set
    } else if (cns == INDEPENDENT_NAMESPACE) {
      data.put(14, (byte) 1); // ready
    }
    return Status.SUCCESS;
  }

  private void namespace(ModelNamespace namespace, ByteBuffer data) {
    data.putLong(0, namespace.blocks());
    data.putLong(8, namespace.blocks());
    data.putLong(16, namespace.blocks());
    data.put(33, (byte) (1 | 1 << 3)); // deallocated reads as zeroes, also by Write Zeroes
    data.putShort(46, (short) options.noiob);
    data.put(99, (byte) (namespace.isWriteProtected() ? 1 : 0));
    data.put(104, uuid(namespace.id())); // NGUID
    data.put(130, (byte) namespace.blockShift()); // LBA format 0
  }

  private static byte[] uuid(int nsid) {
    byte[] uuid = "millrace-model-0".getBytes(StandardCharsets.US_ASCII);
    uuid[15] += (byte) nsid;
    return uuid;
  }

  private static void text(ByteBuffer data, int at, int length, String text) {
    byte[] padded = (text + " ".repeat(length)).getBytes(StandardCharsets.US_ASCII);
    data.put(at, padded, 0, length);
  }
}
