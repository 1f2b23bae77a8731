package io.millrace.vhost.user.server;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * A request in a flight recording that asks for it. Used again and again, for one request at a
 * time.
 */
@Name(RequestEvent.NAME)
@Label("Request")
@Category("Millrace")
@Description("A request of a guest, from the look at its ring until the driver was told")
@Enabled(false)
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the recorder reads its fields
final class RequestEvent extends Event {
  static final String NAME = "io.millrace.Request";

  @Label("Device")
  private String device = "";

  @Label("Queue")
  private int queue;

  @Label("Kind")
  private String kind = "";

  @Label("Offset")
  @DataAmount
  private long offset;

  @Label("Length")
  @DataAmount
  private long length;

  @Label("Ring")
  @Timespan
  private long ring;

  @Label("Bdev")
  @Timespan
  private long bdev;

  @Label("Completion")
  @Timespan
  private long completion;

  RequestEvent() {}

  /** Ends it; it goes into the recording. */
  void record(String ofDevice, int ofQueue, RequestTrace trace, long toldNanos) {
    end();
    if (shouldCommit()) {
      device = ofDevice;
      queue = ofQueue;
      kind = trace.kind.name();
      offset = trace.offsetBytes;
      length = trace.lengthBytes;
      ring = trace.ringNanos();
      bdev = trace.bdevNanos();
      completion = trace.completionNanos(toldNanos);
      commit();
    }
  }
}
