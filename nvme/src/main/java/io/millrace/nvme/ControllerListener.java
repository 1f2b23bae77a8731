package io.millrace.nvme;

/** Told what becomes of a controller and its namespaces. Runs on the controller's home. */
public interface ControllerListener {
  /** There is a namespace that was not there before. */
  void namespaceAdded(NamespaceData namespace);

  /** A namespace has another size; nothing else of it changed. */
  void namespaceResized(NamespaceData namespace);

  /** A namespace is no more, or not the one it was: then it is added again. */
  void namespaceRemoved(int nsid);

  /**
   * The device was pulled out, or the kernel wants it back: its requests end, and the listener
   * closes the controller.
   */
  void gone();
}
