"use strict";

/**
 * In place of cls-hooked, by which the X-Ray SDK knows the segment that a call belongs to. That one watches every promise
 * of the process be made and dropped, which took a quarter of the step worker's time; Node's AsyncLocalStorage costs next
 * to nothing. The same functions, as far as the SDK uses them; resources/esbuild.yml puts it in.
 */
const { AsyncLocalStorage } = require("node:async_hooks");

class Namespace {
  constructor() {
    this.storage = new AsyncLocalStorage();
    /** What was entered for good: the SDK does so once, when the worker starts, for all of its invocations. */
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

  /** Listeners run in the context of what emits the event, which for the requests of the AWS SDK is the caller's. */
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
