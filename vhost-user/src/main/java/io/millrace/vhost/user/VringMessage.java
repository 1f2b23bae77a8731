package io.millrace.vhost.user;

/** A request of the front-end about one ring, decoded: one record per message. */
public sealed interface VringMessage extends FrontendMessage {
  /**
   * The ring.
   *
   * @return 0 to {@link Limits#MAX_VRING_INDEX}
   */
  int index();

  /** A message that is a ring and a number. */
  sealed interface OfState extends VringMessage {
    /**
     * The number on the wire.
     *
     * @return 32 bits
     */
    int number();
  }

  /** A message that gives a ring an event descriptor or takes it away. */
  sealed interface OfDescriptor extends VringMessage {
    /**
     * Whether a descriptor comes along; without one the other side is to be polled.
     *
     * @return false when the no-descriptor bit is set
     */
    boolean withDescriptor();

    @Override
    default int minDescriptors() {
      return withDescriptor() ? 1 : 0;
    }

    @Override
    default int maxDescriptors() {
      return minDescriptors();
    }
  }

  /** A ring's size in descriptors: not negative, else unchecked. */
  record SetVringNum(int index, int size) implements OfState {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_VRING_NUM;
    }

    @Override
    public int number() {
      return size;
    }
  }

  /** Where a ring goes on: split the next available index, packed both positions with wrap bits. */
  record SetVringBase(int index, int base) implements OfState {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_VRING_BASE;
    }

    @Override
    public int number() {
      return base;
    }
  }

  /** Stop a ring, drain it and tell where it stands; answered by {@link Reply.Vring}. */
  record GetVringBase(int index) implements OfState {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_VRING_BASE;
    }

    @Override
    public int number() {
      return 0;
    }
  }

  /** Enable or disable a ring. */
  record SetVringEnable(int index, boolean enable) implements OfState {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_VRING_ENABLE;
    }

    @Override
    public int number() {
      return enable ? 1 : 0;
    }
  }

  /** Byte order of a legacy ring. */
  record SetVringEndian(int index, boolean bigEndian) implements OfState {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_VRING_ENDIAN;
    }

    @Override
    public int number() {
      return bigEndian ? 1 : 0;
    }
  }

  /** A kick in-band. */
  record VringKick(int index) implements OfState {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.VRING_KICK;
    }

    @Override
    public int number() {
      return 0;
    }
  }

  /** Stop a ring without draining it; answered by {@link Reply.Vring}. */
  record GetVringBaseSkipDrain(int index) implements OfState {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.GET_VRING_BASE_SKIP_DRAIN;
    }

    @Override
    public int number() {
      return 0;
    }
  }

  /** The descriptor by which the driver kicks; starts the ring. */
  record SetVringKick(int index, boolean withDescriptor) implements OfDescriptor {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_VRING_KICK;
    }
  }

  /** The descriptor by which the device calls. */
  record SetVringCall(int index, boolean withDescriptor) implements OfDescriptor {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_VRING_CALL;
    }
  }

  /** The descriptor by which the device reports a broken ring. */
  record SetVringErr(int index, boolean withDescriptor) implements OfDescriptor {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_VRING_ERR;
    }
  }

  /** A ring's addresses. */
  record SetVringAddr(VringAddress address) implements VringMessage {
    @Override
    public FrontendRequest request() {
      return FrontendRequest.SET_VRING_ADDR;
    }

    @Override
    public int index() {
      return address.index();
    }
  }
}
