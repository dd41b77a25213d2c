/** Makes the JSON of a Grafana dashboard from rows of panels. */

/** The units of Grafana that our panels use. `ops` is events per second. */
type Unit = 'short' | 's' | 'ops' | 'percentunit' | 'bytes';

export interface Panel {
  readonly title: string;
  /** What a person should see here, and what is wrong otherwise. */
  readonly help: string;
  readonly unit: Unit;
  /** Legend by PromQL expression. `{{label}}` stands for the value of a label. */
  readonly queries: Readonly<Record<string, string>>;
  /** The panel shows a line at this value, above which something is wrong. */
  readonly limit?: number;
}

export interface Dashboard {
  /** The file name, and the last part of the address. */
  readonly uid: string;
  readonly title: string;
  readonly rows: Readonly<Record<string, readonly Panel[]>>;
}

/** Grafana divides the width into 24 columns. */
const columns = 24;
const panelsPerLine = 3;
const width = columns / panelsPerLine;
const height = 8;
const schemaVersion = 39;
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana replaces it with the choice of the viewer.
const datasource = { type: 'prometheus', uid: '${datasource}' };

/** The object that Grafana imports. The viewer chooses the data source. */
export function grafanaDashboard({ uid, title, rows }: Dashboard): object {
  return {
    uid: `orderstream-${uid}`,
    title,
    tags: ['orderstream'],
    schemaVersion,
    editable: false,
    refresh: '15s',
    time: { from: 'now-1h', to: 'now' },
    links: [{ type: 'dashboards', title: 'orderstream', tags: ['orderstream'], asDropdown: true }],
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }],
    },
    panels: placed(rows),
  };
}

/** Panels from left to right and from top to bottom, under the title of their row. */
function placed(rows: Dashboard['rows']): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const [title, row] of Object.entries(rows)) {
    panels.push({ id: panels.length + 1, type: 'row', title, gridPos: { x: 0, y, w: columns, h: 1 } });
    y += 1;
    for (const [index, panel] of row.entries()) {
      const x = (index % panelsPerLine) * width;
      const line = Math.floor(index / panelsPerLine);
      const gridPos = { x, y: y + line * height, w: width, h: height };
      panels.push({ id: panels.length + 1, ...graph(panel), gridPos });
    }
    y += Math.ceil(row.length / panelsPerLine) * height;
  }
  return panels;
}

function graph({ title, help, unit, queries, limit }: Panel): object {
  const green = { color: 'green', value: null };
  const steps = limit === undefined ? [green] : [green, { color: 'red', value: limit }];
  return {
    type: 'timeseries',
    title,
    description: help,
    datasource,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: 'absolute', steps },
        custom: { thresholdsStyle: { mode: limit === undefined ? 'off' : 'line' } },
      },
      overrides: [],
    },
    targets: Object.entries(queries).map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat,
    })),
  };
}
