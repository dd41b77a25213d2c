/**
 * What operators ask about a running product: the lag of lanes and groups, in records and in seconds. The command line
 * and the observer use these functions, so they say the same numbers.
 */
export { type Flow, flowBetween, type LaneReading } from './flow.ts';
export { type GroupDeps, type GroupStanding, groupStandings } from './groups.ts';
export {
  isStalled,
  type LaneRow,
  type LaneStanding,
  lagSeconds,
  readLaneRows,
  readStandings,
  stillLanes,
  waitsFor,
} from './lanes.ts';
export { createRecordTimes } from './record-times.ts';
