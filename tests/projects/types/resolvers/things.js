export function things() {
  return [
    { __typename: 'Box', id: 'b', size: 3 },
    { __typename: 'Jar', id: 'j', lid: true },
    { id: 'n', label: 'has no type name' },
    { __typename: 'Bag', id: 'u', label: 'has an unknown one' },
  ];
}
