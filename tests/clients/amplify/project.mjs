// A project of Syncline out of what Amplify's transformers made: each template as a file whose name says where it belongs.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SLOTS = {
  Mutation: ['init', 'preAuth', 'auth', 'postAuth', 'validate', 'preUpdate', '', 'postUpdate', 'finish'],
  Subscription: ['init', 'preAuth', 'auth', 'postAuth', 'preSubscribe', ''],
  // Also of fields of other types.
  Query: ['init', 'preAuth', 'auth', 'postAuth', 'preDataLoad', '', 'postDataLoad', 'finish'],
};

/** What the transformers give a function in a slot for a template that it lacks; Syncline does the same. */
const EMPTY_OBJECT = '$util.toJson({})';

/**
 * Writes a project.
 *
 * @param {string} folder
 * @param {string} name of the API
 * @param {ReturnType<import('./transform.mjs').transform>} transformed
 * @param {object} options
 * @param {object} options.settings more of `syncline.yaml`: how to sign in
 * @param {boolean} options.withIndex whether the pipelines keep their own templates, or get Syncline's default as they do
 *   where only Amplify's `build/resolvers/` is there
 */
export function writeProject(folder, name, { resources, files }, { settings = {}, withIndex = true } = {}) {
  const template = new Template(resources, files);
  const tables = Object.fromEntries(template.of('AWS::AppSync::DataSource').flatMap((source) => table(template, source)));
  write(folder, 'syncline.yaml', yaml({ name, ...settings, tables }));
  const [schema] = template.of('AWS::AppSync::GraphQLSchema');
  write(folder, 'schema.graphql', template.text(schema, 'Definition', 'DefinitionS3Location'));
  for (const resolver of template.of('AWS::AppSync::Resolver')) {
    for (const [path, text] of resolverFiles(template, resolver, withIndex)) write(folder, `resolvers/${path}`, text);
  }
}

function write(folder, path, text) {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

/** Maps line by line; whatever else as JSON, which is YAML too. */
function yaml(map, indent = '') {
  const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const lines = Object.entries(map).map(([key, value]) => {
    const rest = isMap(value) ? `\n${yaml(value, `${indent}  `)}` : ` ${JSON.stringify(value)}\n`;
    return `${indent}${/^\w+$/.test(key) ? key : JSON.stringify(key)}:${rest}`;
  });
  return lines.join('');
}

/** Resources, with references among them put in. */
class Template {
  constructor(resources, files) {
    this.resources = resources;
    this.files = files;
  }

  /** Properties of all resources of a type. */
  of(type) {
    const found = Object.values(this.resources).filter((resource) => resource.Type === type);
    return found.map((resource) => resource.Properties);
  }

  /** The resource that a value refers to. */
  target(value) {
    const id = value?.Ref ?? value?.['Fn::GetAtt']?.[0];
    if (!this.resources[id]) throw new Error(`no resource: ${JSON.stringify(value)}`);
    return this.resources[id];
  }

  /** A value's text. */
  resolve(value) {
    if (typeof value !== 'object') return String(value);
    if ('Fn::Join' in value) {
      const [separator, parts] = value['Fn::Join'];
      return parts.map((part) => this.resolve(part)).join(separator);
    }
    const { Type, Properties } = this.target(value);
    const wanted = `${Type} ${value.Ref ? 'Ref' : value['Fn::GetAtt'][1]}`;
    switch (wanted) {
      case 'AWS::DynamoDB::Table Ref':
        return this.resolve(Properties.TableName);
      case 'AWS::AppSync::DataSource Name':
        return Properties.Name;
      case 'AWS::AppSync::GraphQLApi ApiId':
        return Properties.Name;
      default:
        throw new Error(`cannot resolve ${wanted}`);
    }
  }

  /** A text that stands in the template itself, or in a file that it names; `undefined` where there is none. */
  text(properties, inline, location) {
    if (properties[inline] !== undefined) return this.resolve(properties[inline]);
    if (properties[location] === undefined) return undefined;
    const text = this.files.get(properties[location]);
    if (text === undefined) throw new Error(`no file ${properties[location]}`);
    return text;
  }

  request(properties) {
    return this.text(properties, 'RequestMappingTemplate', 'RequestMappingTemplateS3Location');
  }

  response(properties) {
    return this.text(properties, 'ResponseMappingTemplate', 'ResponseMappingTemplateS3Location');
  }
}

/** The table behind a data source, as `tables` of `syncline.yaml` describes it; none for data sources without one. */
function table(template, { Name, Type, DynamoDBConfig }) {
  if (Type === 'NONE') return [];
  if (Type !== 'AMAZON_DYNAMODB') throw new Error(`data source ${Name} is of type ${Type}`);
  const { Properties: found } = template.target(DynamoDBConfig.TableName);
  if (found.LocalSecondaryIndexes) throw new Error(`the table of ${Name} has local indexes`);
  const attribute = (name) => {
    const { AttributeType } = found.AttributeDefinitions.find((definition) => definition.AttributeName === name);
    return { name, type: AttributeType };
  };
  const keys = (schema) => {
    const of = (type) => schema.find((key) => key.KeyType === type)?.AttributeName;
    const [partitionKey, sortKey] = [of('HASH'), of('RANGE')];
    return { partitionKey: attribute(partitionKey), ...(sortKey && { sortKey: attribute(sortKey) }) };
  };
  const indexes = (found.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema, Projection }) => {
    if (Projection.ProjectionType !== 'ALL') throw new Error(`index ${IndexName} of ${Name} leaves attributes out`);
    return [IndexName, keys(KeySchema)];
  });
  const name = template.resolve(found.TableName);
  const description = { name, ...keys(found.KeySchema), ...(indexes.length && { indexes: Object.fromEntries(indexes) }) };
  return [[Name, description]];
}

/** Names and texts of one resolver's files. */
function resolverFiles(template, resolver, withIndex) {
  const field = `${resolver.TypeName}.${resolver.FieldName}`;
  if (resolver.Kind !== 'PIPELINE') throw new Error(`${field} is no pipeline`);
  const files = [];
  const add = (stem, request, response, omitted) => {
    for (const [extension, text] of [['req', request], ['res', response]]) {
      if (text !== undefined && text !== omitted) files.push([`${stem}.${extension}.vtl`, text]);
    }
  };
  if (withIndex) add(`${field}.index`, template.request(resolver), template.response(resolver));
  const order = SLOTS[resolver.TypeName] ?? SLOTS.Query;
  const functions = resolver.PipelineConfig.Functions.map((reference) => template.target(reference).Properties);
  let last = [-1, -1];
  for (const { Name, DataSourceName, FunctionVersion, ...templates } of functions) {
    const [slot, number] = slotOf(Name, resolver);
    const place = [order.indexOf(slot), number];
    // Names say the order here, so nothing else may.
    const isLater = place[0] > last[0] || (place[0] === last[0] && place[1] > last[1]);
    if (!isLater) throw new Error(`${Name} of ${field} stands in no slot, or not where its slot belongs`);
    if (FunctionVersion !== '2018-05-29') throw new Error(`${Name} has version ${FunctionVersion}`);
    last = place;
    const source = template.resolve(DataSourceName);
    const [request, response] = [template.request(templates), template.response(templates)];
    if (slot) {
      const brackets = source === 'NONE_DS' ? '' : `.[${source}]`;
      // A function without any file would be none.
      const omitted = request === response ? undefined : EMPTY_OBJECT;
      add(`${field}.${slot}.${number}${brackets}`, request, response, omitted);
    } else {
      add(`${field}.[${source === 'NONE_DS' ? 'NONE' : source}]`, request, response);
    }
  }
  return files;
}

/** `QuerygetNoteauth0Function` is the first function of slot `auth`; other names are of the function between the slots. */
function slotOf(name, { TypeName, FieldName }) {
  const start = `${TypeName}${FieldName}`;
  const found = name.startsWith(start) && /^([a-z][A-Za-z]*?)(\d+)Function$/.exec(name.slice(start.length));
  return found ? [found[1], Number(found[2]) + 1] : ['', 0];
}
