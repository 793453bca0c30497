/** The package's own declarations are not where its `exports` point. */
declare module 'asl-validator' {
  interface ValidationResult {
    readonly isValid: boolean;
    readonly errors: readonly { readonly 'Error code': string; readonly Message?: string }[];
    errorsText(separator?: string): string;
  }
  export default function validate(definition: unknown): ValidationResult;
}
