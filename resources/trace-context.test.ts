import { setImmediate as turn } from "node:timers/promises";
import { createNamespace, destroyNamespace, getNamespace } from "./trace-context.cjs";

describe("the context of traces", () => {
  it("is separate for concurrent calls, across their awaits", async () => {
    const namespace = createNamespace("calls");
    const call = (name: string) =>
      namespace.runAndReturn(async () => {
        namespace.set("segment", name);
        await turn();
        return namespace.get("segment");
      });
    expect(await Promise.all([call("a"), call("b")])).toEqual(["a", "b"]);
    expect(namespace.get("segment")).toBeUndefined();
  });

  it("begins with the outer context's values, and doesn't change them", () => {
    const namespace = createNamespace("nested");
    namespace.run(() => {
      namespace.set("segment", "outer");
      namespace.run(() => {
        expect(namespace.get("segment")).toBe("outer");
        namespace.set("segment", "inner");
      });
      expect(namespace.get("segment")).toBe("outer");
    });
  });

  it("that was entered when the worker started is active in every invocation", async () => {
    const namespace = createNamespace("worker");
    expect(() => namespace.set("segment", "none yet")).toThrow("No context available");
    namespace.enter(namespace.createContext());
    namespace.set("segment", "worker's");
    await turn();
    expect(namespace.get("segment")).toBe("worker's");
    namespace.run(() => namespace.set("segment", "call's"));
    expect(namespace.get("segment")).toBe("worker's");
  });

  it("that a function was bound to is active wherever it is called", () => {
    const namespace = createNamespace("bound");
    const bound = namespace.runAndReturn(() => {
      namespace.set("segment", "bound");
      return namespace.bind((greeting: string) => `${greeting} ${namespace.get("segment")}`);
    });
    expect(bound("hello")).toBe("hello bound");
  });

  it("has a name until it is destroyed", () => {
    const namespace = createNamespace("named");
    expect(getNamespace("named")).toBe(namespace);
    destroyNamespace("named");
    expect(getNamespace("named")).toBeUndefined();
  });
});
