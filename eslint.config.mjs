import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Parameters only: a value inside SQL text is how injections happen. */
const sqlTemplates = {
  selector:
    'CallExpression[callee.property.name=/^(query|orderBy|addOrderBy)$/] > TemplateLiteral[expressions.length>0]:first-child',
  message: 'Pass values as parameters ($1, :name); a constant piece of SQL goes into a named constant beside it.',
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.cache/', '.data/', 'src/wire/'] },
  eslint.configs.recommended,
  { rules: { 'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }] } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', sqlTemplates],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Settings are read once, in src/config.' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/dot-notation': 'off',
      // tfjs and Nest type options as classes and take plain objects.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Nest's modules and decorators are classes with nothing inside.
      '@typescript-eslint/no-extraneous-class': [
        'error',
        { allowWithDecorator: true, allowEmpty: true, allowStaticOnly: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/search/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Draw from an Rng.' }],
      'no-restricted-globals': ['error', { name: 'Date', message: 'A plan knows no time.' }],
    },
  },
  {
    files: ['migrations/**/*.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // The border to the environment.
    files: ['src/config/config.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // Column properties are set by TypeORM.
    files: ['**/*.entities.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    // Parsed answers are asserted on, not used.
    files: ['**/*.spec.ts', 'test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        fetch: 'readonly',
        URL: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        clearTimeout: 'readonly',
        module: 'writable',
        AbortSignal: 'readonly',
      },
    },
    rules: { 'no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }] },
  },
);
