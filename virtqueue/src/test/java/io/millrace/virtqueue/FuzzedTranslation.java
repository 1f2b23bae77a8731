package io.millrace.virtqueue;

/** A translation that counts what it is asked, and may not know the second region yet. */
final class FuzzedTranslation implements AddressTranslation {
  private AddressTranslation all = GuestMemoryMap.EMPTY.translation();
  boolean waits;
  int calls;

  void use(GuestMemoryMap map) {
    all = map.translation();
  }

  @Override
  public long translate(long address, long bytes) {
    calls++;
    return waits && address >= FuzzedMemory.REGION ? WAIT : all.translate(address, bytes);
  }

  @Override
  public long known(long address, long bytes) {
    calls++;
    return waits && address >= FuzzedMemory.REGION ? NOT_MAPPED : all.known(address, bytes);
  }

  @Override
  public long contiguous(long address) {
    calls++;
    return all.contiguous(address);
  }

  @Override
  public long translateRing(long address, long bytes) {
    return all.translateRing(address, bytes);
  }
}
