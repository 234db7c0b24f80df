/**
 * `@cardstack/boxel-ui/components`: a small slice, our own writing.
 *
 * The components most cards use, with the arguments most cards give them. What
 * is not here is reported as a missing name when a card imports it.
 */

export { default as BoxelButton, default as Button } from "./components/button.gts";
export {
  BoxelInputGroup,
  CardContainer,
  CardContentContainer,
  GridContainer,
  Header,
  Header as BoxelHeader,
  Label,
  LoadingIndicator,
} from "./components/containers.gts";
export { default as FieldContainer } from "./components/field-container.gts";
export { default as IconButton } from "./components/icon-button.gts";
export { default as BoxelInput } from "./components/input.gts";
export { default as Pill } from "./components/pill.gts";
export { default as BoxelSelect } from "./components/select.gts";
