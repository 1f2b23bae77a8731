package io.millrace.simulation;

/** What many histories were made of. */
final class Tally {
  int histories;
  long requests;
  long failures;
  int kills;
  int powerLosses;
  int reconnects;
  long sectors; // from power-on to power loss
  long unchecked; // of them, for too many orders

  @Override
  public String toString() {
    return ("%d histories: %d requests, %d failed; %d kills, %d power losses, %d reconnects;"
            + " %d of %d sectors too busy to be checked")
        .formatted(
            histories, requests, failures, kills, powerLosses, reconnects, unchecked, sectors);
  }
}
