declare module "*.css" {
  /** Of the widget's build only, which puts it into a shadow root; the desk's links it. */
  const text: string;
  export default text;
}
