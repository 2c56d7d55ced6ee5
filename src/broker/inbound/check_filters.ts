/** Topic filters that no version of the standard allows end the connection that sends them.
 * @module */
import { parseTopicFilter } from "../../topics/topic_filter.ts";
import type { Core } from "../core/core.ts";

/** Microseconds or so that a filter takes, with all that comes of it. */
const FILTER = 5;

/**
 * Checks the filters of a SUBSCRIBE or UNSUBSCRIBE as they came, before any hook sees them or anything is changed. How many
 * levels the broker allows is no matter of form.
 * @throws MqttError 0x81 for an empty filter [MQTT-4.7.3-1], wildcards out of place [MQTT-4.7.1-1] [MQTT-4.7.1-2]
 * [v311 MQTT-4.7.1-2] [v311 MQTT-4.7.1-3] and `$share` without a name or a filter [MQTT-4.8.2-1] [MQTT-4.8.2-2]
 */
export function checkFilters(core: Core, topicFilters: readonly string[]): void {
  core.charged += FILTER * topicFilters.length;
  for (const topicFilter of topicFilters) parseTopicFilter(topicFilter);
}
