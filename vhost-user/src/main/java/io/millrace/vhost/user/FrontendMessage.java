package io.millrace.vhost.user;

import java.util.List;

/**
 * A request of the front-end, decoded: one record per message of "Front-end message types" in
 * vhost-user.rst. Descriptors travel beside it; {@link #minDescriptors} and {@link #maxDescriptors}
 * say how many. What can never be valid is refused by the codec; what depends on negotiated
 * features or on the device is the session's to check.
 */
public sealed interface FrontendMessage
    permits FrontendMessage.Bare,
        FrontendMessage.Word,
        VringMessage,
        FrontendMessage.SetMemTable,
        FrontendMessage.SetLogBase,
        FrontendMessage.Iotlb,
        FrontendMessage.GetConfig,
        FrontendMessage.SetConfig,
        FrontendMessage.CreateCryptoSession,
        FrontendMessage.GetInflightFd,
        FrontendMessage.SetInflightFd,
        FrontendMessage.AddMemReg,
        FrontendMessage.RemMemReg,
        FrontendMessage.GetSharedObject,
        FrontendMessage.SetDeviceStateFd {
  /**
   * The message's request code.
   *
   * @return never null
   */
  FrontendRequest request();

  /**
   * Fewest descriptors that this very message comes with.
   *
   * @return 0 to {@link Limits#MAX_DESCRIPTORS}
   */
  default int minDescriptors() {
    return request().minDescriptors();
  }

  /**
   * Most descriptors that this very message may come with.
   *
   * @return 0 to {@link Limits#MAX_DESCRIPTORS}
   */
  default int maxDescriptors() {
    return request().maxDescriptors();
  }

  /** A message without payload. */
  sealed interface Bare extends FrontendMessage {}

  /** A message that is one 64-bit number. */
  sealed interface Word extends FrontendMessage {
    /**
     * The number on the wire.
     *
     * @return 64 bits
     */
    long word();
  }

  /** Ask for the device's feature bits; answered by {@link Reply.Word}. */
  record GetFeatures() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_FEATURES;
    }
  }

  /** Start of a session. */
  record SetOwner() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_OWNER;
    }
  }

  /** Deprecated: ignore, or disable all rings. */
  record ResetOwner() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.RESET_OWNER;
    }
  }

  /** One descriptor comes along: written when the log changed. */
  record SetLogFd() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_LOG_FD;
    }
  }

  /** Ask for protocol feature bits; answered by {@link Reply.Word}. */
  record GetProtocolFeatures() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_PROTOCOL_FEATURES;
    }
  }

  /** Ask how many queues there are; answered by {@link Reply.Word}. */
  record GetQueueNum() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_QUEUE_NUM;
    }
  }

  /** One descriptor comes along: the socket for the back-end's own requests. */
  record SetBackendReqFd() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_BACKEND_REQ_FD;
    }
  }

  /** Post-copy migration is under way; answered with a userfaultfd. */
  record PostcopyAdvise() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.POSTCOPY_ADVISE;
    }
  }

  /** Post-copy begins. */
  record PostcopyListen() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.POSTCOPY_LISTEN;
    }
  }

  /** Post-copy is complete; answered by {@link Reply.Word}. */
  record PostcopyEnd() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.POSTCOPY_END;
    }
  }

  /** One descriptor comes along: the GPU protocol's socket. */
  record GpuSetSocket() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GPU_SET_SOCKET;
    }
  }

  /** Disable all rings and reset the device. */
  record ResetDevice() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.RESET_DEVICE;
    }
  }

  /** Ask how many memory slots there are; answered by {@link Reply.Word}. */
  record GetMaxMemSlots() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_MAX_MEM_SLOTS;
    }
  }

  /** Ask for the virtio device status; answered by {@link Reply.Word}. */
  record GetStatus() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_STATUS;
    }
  }

  /** Ask whether the state was moved; answered by {@link Reply.Word}, 0 is success. */
  record CheckDeviceState() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.CHECK_DEVICE_STATE;
    }
  }

  /** Ask for shared memory regions; answered by {@link Reply.SharedMemory}. */
  record GetShmemConfig() implements Bare {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_SHMEM_CONFIG;
    }
  }

  /** Acknowledge feature bits; may come again while rings run, to switch LOG_ALL. */
  record SetFeatures(long features) implements Word {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_FEATURES;
    }

    @Override
    public long word() {
      return features;
    }
  }

  /** Acknowledge protocol feature bits. */
  record SetProtocolFeatures(long features) implements Word {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_PROTOCOL_FEATURES;
    }

    @Override
    public long word() {
      return features;
    }
  }

  /** Network only. */
  record SendRarp(long macAddress) implements Word {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SEND_RARP;
    }

    @Override
    public long word() {
      return macAddress;
    }
  }

  /** Network only. */
  record NetSetMtu(long mtu) implements Word {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.NET_SET_MTU;
    }

    @Override
    public long word() {
      return mtu;
    }
  }

  /** Crypto only. */
  record CloseCryptoSession(long session) implements Word {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.CLOSE_CRYPTO_SESSION;
    }

    @Override
    public long word() {
      return session;
    }
  }

  /** The virtio device status; 0 is a reset. */
  record SetStatus(long status) implements Word {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_STATUS;
    }

    @Override
    public long word() {
      return status;
    }
  }

  /** The whole memory table: one descriptor per region, in order. */
  record SetMemTable(List<MemoryRegion> regions) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_MEM_TABLE;
    }

    /** Copies the list and bounds it. */
    public SetMemTable {
      regions = List.copyOf(regions);
      if (regions.size() > Limits.MAX_TABLE_REGIONS) {
        throw new IllegalArgumentException(regions.size() + " regions");
      }
    }

    @Override
    public int minDescriptors() {
      return regions.size();
    }

    @Override
    public int maxDescriptors() {
      return regions.size();
    }
  }

  /** The dirty log; with LOG_SHMFD its descriptor comes along and a reply is due. */
  record SetLogBase(LogArea log) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_LOG_BASE;
    }
  }

  /** An update or invalidation of a translation; answered by {@link Reply.Word}. */
  record Iotlb(IotlbEntry entry) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.IOTLB_MSG;
    }
  }

  /** Read configuration; answered by {@link Reply.Config} of the same place and length. */
  record GetConfig(ConfigAccess access) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_CONFIG;
    }
  }

  /** Write configuration. */
  record SetConfig(ConfigAccess access) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_CONFIG;
    }
  }

  /** Crypto only. */
  record CreateCryptoSession(ByteString payload) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.CREATE_CRYPTO_SESSION;
    }
  }

  /** Ask for an in-flight region; answered by {@link Reply.Inflight} and its descriptor. */
  record GetInflightFd(InflightArea area) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_INFLIGHT_FD;
    }
  }

  /** Give the in-flight region back, with its descriptor. */
  record SetInflightFd(InflightArea area) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_INFLIGHT_FD;
    }
  }

  /** Add a memory region, with its descriptor. */
  record AddMemReg(MemoryRegion region) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.ADD_MEM_REG;
    }
  }

  /**
   * Remove the region of this guest address, user address and size; a descriptor is only closed.
   */
  record RemMemReg(MemoryRegion region) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.REM_MEM_REG;
    }
  }

  /** Ask for a shared object by its UUID, 16 bytes. */
  record GetSharedObject(ByteString uuid) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_SHARED_OBJECT;
    }
  }

  /** The pipe for device state: direction 0 save, 1 load; phase 0 stopped. */
  record SetDeviceStateFd(int direction, int phase) implements FrontendMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_DEVICE_STATE_FD;
    }
  }
}
