import { useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { InspectedTensor, Listed } from "../../contract/teacher.ts";
import { visibleRange } from "../widgets/visibleRange.ts";
import { filterTensors } from "./filterTensors.ts";
import styles from "./TensorTable.module.css";

/** Below this width, in CSS pixels, a row has two lines. */
const narrowWidth = 560;
/** In CSS pixels; `TensorTable.module.css` sets rows of one and of two lines in these. */
const rowHeights = { wide: 26, narrow: 46 } as const;
const borders = 3;

/** All tensors of a file; only the rows in sight exist in the page. */
export function TensorTable({ tensors }: { readonly tensors: Listed<InspectedTensor> }) {
  const filterId = useId();
  const viewport = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState({ width: 0, height: 0 });
  const [scrollTop, setScrollTop] = useState(0);
  const [query, setQuery] = useState("");
  const found = useMemo(() => filterTensors(tensors.first, query), [tensors, query]);

  useLayoutEffect(() => {
    const element = viewport.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setBox({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const narrow = box.width < narrowWidth;
  const side = rowHeights[narrow ? "narrow" : "wide"];
  // A grid of one column.
  const range = visibleRange({
    width: box.width === 0 ? 0 : side,
    height: box.height,
    scrollTop,
    count: found.length,
    side,
    gap: 0,
  });
  const hasUses = tensors.first.some(({ use }) => use !== "");
  const isCut = tensors.first.length < tensors.count;
  return (
    <div className={styles.tensors}>
      <div className={styles.bar}>
        <label htmlFor={filterId}>Find</label>
        <input
          id={filterId}
          type="text"
          data-testid="tensor-filter"
          placeholder="name, type, shape"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            viewport.current?.scrollTo(0, 0);
          }}
        />
        <span role="status">
          {found.length === tensors.count ? "" : `${found.length.toLocaleString("en")} of `}
          {tensors.count.toLocaleString("en")} tensors
        </span>
      </div>
      <div
        ref={viewport}
        className={`${styles.viewport} ${narrow ? styles.narrow : ""} ${hasUses ? styles.withUses : ""}`}
        data-testid="tensor-table"
        // As tall as the whole list asks for, so that nothing jumps while it is filtered.
        style={{ height: tensors.first.length * side + (narrow ? 0 : side) + borders }}
        role="table"
        tabIndex={0}
        aria-label="Tensors of the file"
        aria-rowcount={found.length + 1}
        onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
      >
        <div className={styles.head} role="rowgroup">
          <div className={styles.row} role="row" aria-rowindex={1}>
            <span role="columnheader">Tensor</span>
            <span role="columnheader">Type</span>
            <span role="columnheader">Shape</span>
            {hasUses ? <span role="columnheader">Used as</span> : null}
          </div>
        </div>
        <div className={styles.canvas} role="rowgroup" style={{ height: range.totalHeight }}>
          {found.slice(range.first, range.end).map((tensor, i) => (
            <Row
              key={range.first + i}
              tensor={tensor}
              hasUse={hasUses}
              index={range.first + i}
              height={range.pitch}
            />
          ))}
        </div>
      </div>
      {isCut ? (
        <p className={styles.cut}>
          The first {tensors.first.length.toLocaleString("en")} are listed; <code>npm run inspect</code>{" "}
          prints them all.
        </p>
      ) : null}
    </div>
  );
}

interface RowProps {
  readonly tensor: InspectedTensor;
  readonly hasUse: boolean;
  readonly index: number;
  readonly height: number;
}

function Row({ tensor: { name, dtype, shape, use }, hasUse, index, height }: RowProps) {
  return (
    <div className={styles.row} role="row" aria-rowindex={index + 2} style={{ top: index * height, height }}>
      <span role="cell" className={styles.name} title={name}>
        <bdi>{name}</bdi>
      </span>
      <span role="cell">{dtype}</span>
      <span role="cell">[{shape.join(", ")}]</span>
      {hasUse ? (
        <span role="cell" className={styles.use} title={use}>
          {use}
        </span>
      ) : null}
    </div>
  );
}
