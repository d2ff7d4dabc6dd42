const paths = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  step: "M3 2.5v11l7-5.5zM11 2.5h2v11h-2z",
  stop: "M3 3h10v10H3z",
  download: "M7.25 1.5h1.5v7l2.2-2.2 1 1L8 11.3 4 7.3l1-1 2.25 2.2zM2.5 12.5h11V14h-11z",
  link: "M6.6 9.4a2.5 2.5 0 0 1 0-3.5l2.6-2.6a2.5 2.5 0 0 1 3.5 3.5l-1.2 1.2-1-1 1.2-1.2a1.1 1.1 0 0 0-1.5-1.5L7.6 6.9a1.1 1.1 0 0 0 0 1.5zM9.4 6.6a2.5 2.5 0 0 1 0 3.5l-2.6 2.6a2.5 2.5 0 0 1-3.5-3.5l1.2-1.2 1 1-1.2 1.2a1.1 1.1 0 0 0 1.5 1.5l2.6-2.6a1.1 1.1 0 0 0 0-1.5z",
  close: "M3.7 2.6 8 6.9l4.3-4.3 1.1 1.1L9.1 8l4.3 4.3-1.1 1.1L8 9.1l-4.3 4.3-1.1-1.1L6.9 8 2.6 3.7z",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM7.3 1h1.4v2.4H7.3zm0 11.6h1.4V15H7.3zM1 7.3h2.4v1.4H1zm11.6 0H15v1.4h-2.4zM2.6 3.6l1-1 1.7 1.7-1 1zm8.1 8.1 1-1 1.7 1.7-1 1zm1-6.4-1-1 1.7-1.7 1 1zM3.6 13.4l-1-1 1.7-1.7 1 1z",
  moon: "M6.5 1.8a6.3 6.3 0 1 0 7.7 7.7A5.2 5.2 0 0 1 6.5 1.8z",
  contrast: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 3v10a5 5 0 0 1 0-10z",
} as const;

export type IconName = keyof typeof paths;

/** A small picture beside a word, or on a button that has a label of its own. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg width="14" height="14" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true" focusable="false">
      <path d={paths[name]} fillRule="evenodd" />
    </svg>
  );
}
