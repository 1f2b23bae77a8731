package io.millrace.virtqueue;

/** Answers WAIT once, at a call of its choice. */
final class WaitsOnce implements AddressTranslation {
  private final AddressTranslation known;
  private final long answer;
  private int callsLeft;

  WaitsOnce(AddressTranslation known, int atCall, long answer) {
    this.known = known;
    this.answer = answer;
    callsLeft = atCall;
  }

  @Override
  public long translate(long address, long bytes) {
    return callsLeft-- == 0 ? answer : known.translate(address, bytes);
  }

  @Override
  public long known(long address, long bytes) {
    if (callsLeft == 0) {
      return NOT_MAPPED; // whoever then asks for it gets the answer
    }
    callsLeft--;
    return known.known(address, bytes);
  }

  @Override
  public long contiguous(long address) {
    return known.contiguous(address);
  }

  @Override
  public long translateRing(long address, long bytes) {
    return known.translateRing(address, bytes);
  }

  boolean waited() {
    return callsLeft < 0;
  }
}
