/** Values of E2M1 codes (OCP microscaling formats, MX 1.0): the lowest three bits are the magnitude, the fourth the sign. */
export const E2M1_VALUES: readonly number[] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];
