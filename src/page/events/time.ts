/** Virtual time of an event: seconds and thousandths since the run began, "12.345". */
export const timeOf = (atUs: number): string => (Math.floor(atUs / 1000) / 1000).toFixed(3)
