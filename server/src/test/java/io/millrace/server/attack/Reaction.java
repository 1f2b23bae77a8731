package io.millrace.server.attack;

/** What a back-end does about a message. */
enum Reaction {
  ACCEPTED("accepted"),
  REFUSED("refused by its acknowledgement"),
  CLOSED("the session was closed"),
  SILENT("not answered");

  private final String words;

  Reaction(String words) {
    this.words = words;
  }

  @Override
  public String toString() {
    return words;
  }
}
