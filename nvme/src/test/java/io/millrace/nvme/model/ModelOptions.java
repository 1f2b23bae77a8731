package io.millrace.nvme.model;

import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link ModelController} is like, to be set before it is made. Fields have the names of the
 * specification and are 0's based where it is.
 */
public final class ModelOptions {
  public int mqes = 255;

  /** Units of 500 ms. */
  public int to = 20;

  public int dstrd;
  public int mpsMin;
  public int mpsMax = 4;

  /** CAP.CRMS bit 0: CRTO tells how long to wait for RDY. */
  public boolean crto = true;

  public int crwmt = 20;
  public int vs = 0x0002_0000;

  /** Maximum data transfer as a power of two of the least page size; 0 for no limit. */
  public int mdts = 5;

  /** Most I/O queues of each kind that Set Features grants. */
  public int ioQueues = 8;

  public int aerl = 3;
  public int acl = 3;

  /** Error log page entries, 0's based. */
  public int elpe = 7;

  public boolean volatileWriteCache = true;

  /** 0 for no SGLs, 1 for any alignment, 2 for dwords. */
  public int sgls = 1;

  /** SGLs may describe more than the command transfers. */
  public boolean sglsLonger;

  /** Optional NVM command support: Compare, DSM, Write Zeroes, Verify. */
  public int oncs = 1 | 1 << 2 | 1 << 3 | 1 << 7;

  public boolean doorbellBuffer = true;

  /** Optimal I/O boundary in logical blocks, for each namespace; 0 for none. */
  public int noiob;

  /** Write Zeroes size limit as {@link #mdts}; 0 for none. */
  public int wzsl;

  /** Ranges in a Dataset Management command; 0 for 256. */
  public int dmrl;

  /** Interrupt vectors. */
  public int vectors;

  /** Bytes of configuration space; 4096 with the extended part of PCI Express. */
  public int configBytes = 256;

  public int numaNode = -1;

  public String serial = "MODEL0";
  public String firmware = "1";
  public int vendor = 0x1b36;
  public int device = 0x0010;

  final List<ModelNamespace> namespaces = new ArrayList<>();

  /** With a namespace; ids are 1, 2 and so on, in the order of these calls. */
  public ModelOptions namespace(long blocks, int blockShift) {
    namespaces.add(ModelNamespace.ofMemory(namespaces.size() + 1, blocks, blockShift));
    return this;
  }

  /** With a namespace that takes everything and transfers nothing. */
  public ModelOptions nullNamespace(long blocks, int blockShift) {
    namespaces.add(ModelNamespace.ofNothing(namespaces.size() + 1, blocks, blockShift));
    return this;
  }

  /** A controller with one namespace of {@code blocks} of 512 bytes. */
  public static ModelOptions disk(long blocks) {
    return new ModelOptions().namespace(blocks, 9);
  }
}
