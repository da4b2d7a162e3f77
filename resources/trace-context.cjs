"use strict";

/**
 * Replaces cls-hooked, which the X-Ray SDK uses to find the segment that a call belongs to. cls-hooked watches the
 * creation and destruction of every promise in the process, which took a quarter of the step worker's time; Node's
 * AsyncLocalStorage costs next to nothing. It provides the functions that the SDK uses; resources/esbuild.yml uses this
 * file.
 */
const { AsyncLocalStorage } = require("node:async_hooks");

class Namespace {
  constructor() {
    this.storage = new AsyncLocalStorage();
    /** The context that was entered for good: the SDK enters it once for all invocations, when the worker starts. */
    this.entered = null;
  }

  get active() {
    return this.storage.getStore() ?? this.entered;
  }

  createContext() {
    return Object.create(this.active);
  }

  enter(context) {
    this.entered = context;
  }

  run(work) {
    const context = this.createContext();
    this.storage.run(context, work, context);
    return context;
  }

  runAndReturn(work) {
    const context = this.createContext();
    return this.storage.run(context, work, context);
  }

  bind(work, context = this.active) {
    return (...args) => this.storage.run(context, work, ...args);
  }

  /**
   * Listeners run in the context of the code that emits the event; for the AWS SDK's requests, that is the caller's.
   */
  bindEmitter() {}

  get(key) {
    return this.active?.[key];
  }

  set(key, value) {
    const { active } = this;
    if (active === null) throw new Error("No context available. ns.run() or ns.bind() must be called first.");
    active[key] = value;
    return value;
  }
}

const namespaces = new Map();

module.exports = {
  getNamespace: (name) => namespaces.get(name),
  createNamespace(name) {
    const namespace = new Namespace();
    namespaces.set(name, namespace);
    return namespace;
  },
  destroyNamespace(name) {
    namespaces.delete(name);
  },
};
